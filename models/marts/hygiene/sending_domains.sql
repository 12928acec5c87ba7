with mail_policies as (
    select * from {{ ref('agg_mail_policies_by_domain') }}
),

graded as (
    select
        *,
        case
            when spf_records = 0 then 'missing'
            when spf_records > 1 or spf_names_with_several > 0 or spf_all = 'pass' then 'broken'
            when has_spf_loop then 'broken'
            when spf_lookups > {{ rule_value('hygiene_thresholds', 'spf_lookups') }} then 'broken'
            when spf_links_unknown > 0 then 'unknown'
            when spf_all in ('fail', 'softfail') then 'ready'
            else 'weak'
        end as spf_status,
        case
            when dkim_selectors = 0 then 'missing'
            when dkim_medium_keys + dkim_long_keys > 0 and dkim_short_keys + dkim_malformed > 0 then 'weak'
            when dkim_long_keys > 0 then 'ready'
            when dkim_medium_keys > 0 then 'weak'
            when dkim_delegated > 0 then 'unknown'
            when dkim_testing > 0 then 'weak'
            else 'broken'
        end as dkim_status,
        case
            when dmarc_records > 1 or (dmarc_records = 1 and dmarc_policy is null) then 'broken'
            when is_dmarc_delegated then 'unknown'
            when dmarc_records = 0 then 'missing'
            when dmarc_policy = 'none' then 'weak'
            when dmarc_pct < {{ rule_value('hygiene_thresholds', 'dmarc_pct') }} then 'weak'
            else 'ready'
        end as dmarc_status
    from mail_policies
),

explained as (
    select
        *,
        case
            when spf_status = 'missing' then 'no text of the domain begins with v=spf1'
            when spf_records > 1
                then cast(spf_records as varchar) || ' SPF records; one is allowed (RFC 7208, section 4.5)'
            when spf_names_with_several > 0
                then
                    cast(spf_names_with_several as varchar)
                    || ' names that it leads to have several SPF records; one is allowed (RFC 7208, section 4.5)'
            when has_spf_loop
                then 'it leads to records in a loop; receivers give up after 10 lookups (RFC 7208, section 4.6.4)'
            when spf_all = 'pass' then 'its all lets everybody send in the name of the domain'
            when spf_status = 'broken'
                then 'it takes ' || cast(spf_lookups as varchar) || ' lookups; 10 are allowed (RFC 7208, section 4.6.4)'
            when spf_status = 'unknown'
                then cast(spf_links_unknown as varchar) || ' records that it includes were not collected'
            when spf_all = 'neutral' then '?all says nothing of other senders: end it in ~all or -all'
            when spf_status = 'weak' then 'it does not end in all, so nothing is said of other senders'
        end as spf_reason,
        case
            when dkim_status = 'missing' then 'no selector was collected; names end in ._domainkey and the domain'
            when dkim_short_keys > 0
                then cast(dkim_short_keys as varchar) || ' RSA keys have less than 1024 bits (RFC 8301, section 3.2)'
            when dkim_status in ('weak', 'broken') and dkim_malformed > 0
                then cast(dkim_malformed as varchar) || ' selectors have no key that can be read, or several'
            when dkim_status = 'weak' and dkim_medium_keys > 0
                then 'no key has 2048 bits (RFC 8301, section 3.2)'
            when dkim_status = 'unknown' then 'selectors lead to other names, whose keys were not collected'
            when dkim_status = 'weak' then 'selectors are marked as a test (t=y), and receivers may ignore them'
            when dkim_status = 'broken' then 'all keys are revoked (RFC 6376, section 3.6.1)'
        end as dkim_reason,
        case
            when dmarc_records > 1
                then cast(dmarc_records as varchar) || ' DMARC records; receivers use none (RFC 7489, section 6.6.3)'
            when dmarc_status = 'broken'
                then 'its policy is none of none, quarantine and reject (RFC 7489, section 6.3)'
            when dmarc_status = 'unknown' then 'the _dmarc name leads to another name, whose record was not collected'
            when dmarc_status = 'missing' then 'neither the domain nor one above it has a _dmarc record'
            when dmarc_policy = 'none' then 'p=none only watches: forged mail is delivered'
            when dmarc_status = 'weak'
                then 'it holds for ' || cast(dmarc_pct as varchar) || ' percent of the mail (pct)'
            when not has_dmarc_reports then 'it is enforced, but nobody gets reports (rua)'
        end as dmarc_reason,
        case
            when dkim_short_keys > 0 then 'below 1024'
            when dkim_medium_keys > 0 then '1024 to 2047'
            when dkim_long_keys > 0 then '2048 or more'
        end as dkim_weakest_key
    from graded
),

rated as (
    select
        domain,
        collected_on,
        -- Large mailbox providers ask bulk senders for all three, with any policy.
        case
            when
                spf_status in ('missing', 'broken')
                or dkim_status in ('missing', 'broken')
                or dmarc_status in ('missing', 'broken')
                then 'not_ready'
            when spf_status = 'unknown' or dkim_status = 'unknown' or dmarc_status = 'unknown' then 'unknown'
            when spf_status = 'ready' and dkim_status = 'ready' and dmarc_status = 'ready' then 'enforced'
            else 'basic'
        end as readiness,
        spf_status,
        spf_reason,
        dkim_status,
        dkim_reason,
        dmarc_status,
        dmarc_reason,
        spf_records,
        spf_all,
        spf_lookups,
        spf_links_unknown,
        dkim_selectors,
        dkim_delegated,
        dkim_weakest_key,
        dmarc_records,
        dmarc_domain,
        dmarc_policy,
        dmarc_pct,
        has_dmarc_reports,
        is_dkim_strict,
        is_spf_strict,
        '{{ invocation_id }}' as build_id
    from explained
)

select * from rated
