with current_records as (
    select * from {{ ref('agg_dns_records_by_domain') }}
),

spf_policies as (
    select * from {{ ref('agg_spf_policies_by_name') }}
),

domains as (
    select distinct
        domain,
        collected_on
    from current_records
),

-- DKIM (RFC 6376): a list of tags; blanks have no meaning, and the version may be missing (section 3.6.1).
dkim_tags as (
    select distinct
        domain,
        record_name,
        record_type,
        ';' || {{ replace_all('record_value', blank(), '') }} || ';' as tags
    from current_records
    where
        right(record_name, length(domain) + 12) = '._domainkey.' || domain
        and record_type in ('txt', 'cname')
),

dkim_keys as (
    select
        *,
        instr(tags, ';p=') > 0 as has_key_tag,
        {{ extracted('tags', ';p=([^;]*);') }} as public_key,
        coalesce(lower({{ extracted('tags', ';k=([^;]*);') }}), 'rsa') as key_type,
        instr(':' || coalesce(lower({{ extracted('tags', ';t=([^;]*);') }}), '') || ':', ':y:') > 0 as is_testing
    from dkim_tags
),

dkim_classed as (
    select
        *,
        case
            when record_type = 'cname' then 'delegated'
            when not has_key_tag then 'malformed'
            when public_key is null then 'revoked'
            when not {{ matches('public_key', '[A-Za-z0-9+/]+={0,2}') }} then 'malformed'
            when is_testing then 'testing'
            when key_type = 'ed25519' then 'long'
            when length(public_key) < {{ rule_value('hygiene_thresholds', 'dkim_key_characters') }} then 'short'
            when length(public_key) < {{ rule_value('hygiene_thresholds', 'dkim_long_key_characters') }} then 'medium'
            else 'long'
        end as key_class
    from dkim_keys
),

-- A delegated selector that was followed has both records: its key counts.
dkim_selectors as (
    select
        domain,
        record_name,
        count(case when key_class <> 'delegated' then 1 end) as keys,
        max(case when key_class <> 'delegated' then key_class end) as key_class
    from dkim_classed
    group by domain, record_name
),

dkim_summed as (
    select
        domain,
        count(*) as dkim_selectors,
        count(case when keys = 0 then 1 end) as dkim_delegated,
        -- Several keys of one selector are undefined (RFC 6376, section 3.6.2.2).
        count(case when keys > 1 or (keys = 1 and key_class = 'malformed') then 1 end) as dkim_malformed,
        count(case when keys = 1 and key_class = 'revoked' then 1 end) as dkim_revoked,
        count(case when keys = 1 and key_class = 'testing' then 1 end) as dkim_testing,
        count(case when keys = 1 and key_class = 'short' then 1 end) as dkim_short_keys,
        count(case when keys = 1 and key_class = 'medium' then 1 end) as dkim_medium_keys,
        count(case when keys = 1 and key_class = 'long' then 1 end) as dkim_long_keys
    from dkim_selectors
    group by domain
),

-- DMARC (RFC 7489). The version comes first and exactly so; receivers ignore every other text (section 6.3). Names of
-- tags are in lower case. A domain without a record of its own takes that of the nearest domain above it.
dmarc_tags as (
    select distinct
        substring(record_name, 8) as policy_domain,
        record_type,
        ';' || {{ replace_all('record_value', blank(), '') }} || ';' as tags
    from current_records
    where
        instr(record_name, '_dmarc.') = 1
        and is_latest_of_name
        and (
            record_type = 'cname'
            or (record_type = 'txt' and {{ matches('record_value', 'v[ \\t]*=[ \\t]*DMARC1[ \\t]*(?:;.*)?') }})
        )
),

dmarc_by_domain as (
    select
        policy_domain,
        count(case when record_type = 'txt' then 1 end) as dmarc_records,
        count(case when record_type = 'cname' then 1 end) as dmarc_delegations,
        max(case when record_type = 'txt' then tags end) as tags
    from dmarc_tags
    group by policy_domain
),

dmarc_found as (
    select
        domains.domain,
        dmarc_by_domain.*,
        row_number() over (
            partition by domains.domain
            order by length(dmarc_by_domain.policy_domain) desc
        ) as nearness
    from domains
    inner join dmarc_by_domain
        on
            domains.domain = dmarc_by_domain.policy_domain
            or right(domains.domain, length(dmarc_by_domain.policy_domain) + 1) = '.' || dmarc_by_domain.policy_domain
),

dmarc_parsed as (
    select
        domain,
        policy_domain,
        dmarc_records,
        dmarc_records = 0 and dmarc_delegations > 0 as is_dmarc_delegated,
        lower(
            case
                when domain = policy_domain then {{ extracted('tags', ';p=([^;]*);') }}
                else coalesce({{ extracted('tags', ';sp=([^;]*);') }}, {{ extracted('tags', ';p=([^;]*);') }})
            end
        ) as dmarc_policy,
        coalesce({{ extracted('tags', ';pct=([0-9]{1,3});') }}, '100') as pct_text,
        {{ extracted('tags', ';rua=([^;]+);') }} is not null as has_dmarc_reports,
        coalesce(lower({{ extracted('tags', ';adkim=([^;]*);') }}), 'r') = 's' as is_dkim_strict,
        coalesce(lower({{ extracted('tags', ';aspf=([^;]*);') }}), 'r') = 's' as is_spf_strict
    from dmarc_found
    where nearness = 1
),

united as (
    select
        domains.domain,
        domains.collected_on,
        coalesce(spf_policies.spf_records, 0) as spf_records,
        spf_policies.spf_all,
        spf_policies.spf_lookups,
        spf_policies.spf_links_unknown,
        coalesce(spf_policies.spf_names_with_several, 0) as spf_names_with_several,
        coalesce(spf_policies.has_spf_loop, false) as has_spf_loop,
        coalesce(dkim_summed.dkim_selectors, 0) as dkim_selectors,
        coalesce(dkim_summed.dkim_delegated, 0) as dkim_delegated,
        coalesce(dkim_summed.dkim_malformed, 0) as dkim_malformed,
        coalesce(dkim_summed.dkim_revoked, 0) as dkim_revoked,
        coalesce(dkim_summed.dkim_testing, 0) as dkim_testing,
        coalesce(dkim_summed.dkim_short_keys, 0) as dkim_short_keys,
        coalesce(dkim_summed.dkim_medium_keys, 0) as dkim_medium_keys,
        coalesce(dkim_summed.dkim_long_keys, 0) as dkim_long_keys,
        coalesce(dmarc_parsed.dmarc_records, 0) as dmarc_records,
        coalesce(dmarc_parsed.is_dmarc_delegated, false) as is_dmarc_delegated,
        dmarc_parsed.policy_domain as dmarc_domain,
        case when dmarc_parsed.dmarc_policy in ('none', 'quarantine', 'reject') then dmarc_parsed.dmarc_policy end
            as dmarc_policy,
        case when dmarc_parsed.dmarc_records > 0 then cast(dmarc_parsed.pct_text as bigint) end as dmarc_pct,
        coalesce(dmarc_parsed.has_dmarc_reports, false) as has_dmarc_reports,
        coalesce(dmarc_parsed.is_dkim_strict, false) as is_dkim_strict,
        coalesce(dmarc_parsed.is_spf_strict, false) as is_spf_strict
    from domains
    -- Each of the three may be missing.
    left join spf_policies
        on domains.domain = spf_policies.record_name
    left join dkim_summed
        on domains.domain = dkim_summed.domain
    left join dmarc_parsed
        on domains.domain = dmarc_parsed.domain
)

select * from united
