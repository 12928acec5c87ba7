with dns_records as (
    select * from {{ ref('stg_deliverability__dns_records') }}
),

hygiene_thresholds as (
    select * from {{ ref('hygiene_thresholds') }}
),

last_days as (
    select
        domain,
        cast(max(collected_at) as date) as collected_on
    from dns_records
    group by domain
),

-- What was there once and was not found again is gone.
current_records as (
    select distinct
        dns_records.domain,
        last_days.collected_on,
        dns_records.record_type,
        dns_records.record_name,
        dns_records.record_value
    from dns_records
    inner join last_days
        on
            dns_records.domain = last_days.domain
            and cast(dns_records.collected_at as date) = last_days.collected_on
),

-- SPF (RFC 7208). Two blanks between terms, so that neighbours do not share one.
spf_texts as (
    select distinct
        record_name,
        ' ' || {{ replace_all('lower(record_value)', ' +', '  ') }} || ' ' as spf_text
    from current_records
    where
        record_type = 'txt'
        and strpos(lower(record_value) || ' ', 'v=spf1 ') = 1
),

-- What all says is what remains; a redirect beside it is ignored (RFC 7208, section 6.1).
spf_plain as (
    select
        record_name,
        case
            when strpos(spf_text, ' -all ') > 0 then 'fail'
            when strpos(spf_text, ' ~all ') > 0 then 'softfail'
            when strpos(spf_text, ' ?all ') > 0 then 'neutral'
            when strpos(spf_text, ' all ') > 0 or strpos(spf_text, ' +all ') > 0 then 'pass'
        end as spf_all,
        {{ replace_all("replace(spf_text, '#', '')", ' [+?~-]include:', ' include:') }} as spf_text
    from spf_texts
),

spf_terms as (
    select
        record_name,
        spf_all,
        case
            when spf_all is not null then {{ replace_all('spf_text', ' redirect=[^ ]+ ', ' ') }}
            else spf_text
        end as spf_text
    from spf_plain
),

-- Each term that needs a lookup becomes one character, and is counted by what its removal shortens.
spf_marked as (
    select
        record_name,
        spf_all,
        spf_text,
        {{ replace_all(
            'spf_text',
            ' [+?~-]?(?:include:[^ ]+|a(?:[:/][^ ]*)?|mx(?:[:/][^ ]*)?|ptr(?::[^ ]*)?|exists:[^ ]+|redirect=[^ ]+) ',
            '#'
        ) }} as lookups_marked,
        {{ replace_all('spf_text', ' (?:include:[^ ]+|redirect=[^ ]+) ', '#') }} as links_marked
    from spf_terms
),

spf_counted as (
    select
        record_name,
        spf_all,
        spf_text,
        length(lookups_marked) - length(replace(lookups_marked, '#', '')) as lookups,
        length(links_marked) - length(replace(links_marked, '#', '')) as links
    from spf_marked
),

-- One record a name: several are an error of their own.
spf_by_name as (
    select
        record_name,
        count(*) as spf_records,
        min(spf_all) as spf_all,
        max(spf_text) as spf_text,
        max(lookups) as lookups,
        max(links) as links
    from spf_counted
    group by record_name
),

spf_links as (
    select
        parents.record_name,
        children.record_name as linked_name,
        children.lookups,
        children.links,
        case when strpos(parents.spf_text, ' redirect=' || children.record_name || ' ') > 0 then children.spf_all end
            as redirected_all
    from spf_by_name as parents
    inner join spf_by_name as children
        on
            strpos(parents.spf_text, ' include:' || children.record_name || ' ') > 0
            or strpos(parents.spf_text, ' redirect=' || children.record_name || ' ') > 0
),

-- What an include includes counts, too (RFC 7208, section 4.6.4): three deep; beyond that nothing is known.
spf_second_links as (
    select
        spf_links.record_name,
        further_links.linked_name,
        further_links.lookups,
        further_links.links
    from spf_links
    inner join spf_links as further_links
        on spf_links.linked_name = further_links.record_name
),

spf_third_links as (
    select
        spf_second_links.record_name,
        further_links.lookups,
        further_links.links
    from spf_second_links
    inner join spf_links as further_links
        on spf_second_links.linked_name = further_links.record_name
),

spf_nested as (
    select
        record_name,
        lookups,
        -- Links that lead to a record count as found one level down.
        links,
        1 as found_links,
        redirected_all
    from spf_links
    union all
    select
        record_name,
        lookups,
        links,
        1 as found_links,
        cast(null as varchar) as redirected_all
    from spf_second_links
    union all
    select
        record_name,
        lookups,
        links,
        1 as found_links,
        cast(null as varchar) as redirected_all
    from spf_third_links
),

spf_summed as (
    select
        record_name,
        cast(sum(lookups) as bigint) as lookups,
        cast(sum(links) as bigint) as links,
        cast(sum(found_links) as bigint) as found_links,
        min(redirected_all) as redirected_all
    from spf_nested
    group by record_name
),

spf_followed as (
    select
        spf_by_name.record_name,
        spf_by_name.spf_records,
        coalesce(spf_by_name.spf_all, spf_summed.redirected_all) as spf_all,
        spf_by_name.lookups + coalesce(spf_summed.lookups, 0) as spf_lookups,
        spf_by_name.links + coalesce(spf_summed.links, 0) - coalesce(spf_summed.found_links, 0) as spf_links_unknown
    from spf_by_name
    -- A record may include nothing, or nothing that was collected.
    left join spf_summed
        on spf_by_name.record_name = spf_summed.record_name
),

-- DKIM (RFC 6376): a list of tags, blanks mean nothing. A key without a version is one, too (section 3.6.1).
dkim_tags as (
    select
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
        domain,
        record_name,
        record_type,
        strpos(tags, ';p=') > 0 as has_key_tag,
        {{ extracted('tags', ';p=([^;]*);') }} as public_key,
        coalesce(lower({{ extracted('tags', ';k=([^;]*);') }}), 'rsa') as key_type,
        strpos(':' || coalesce(lower({{ extracted('tags', ';t=([^;]*);') }}), '') || ':', ':y:') > 0 as is_testing
    from dkim_tags
),

key_lengths as (
    select
        max(case when rule = 'dkim_key_characters' then threshold end) as least_characters,
        max(case when rule = 'dkim_long_key_characters' then threshold end) as long_characters
    from hygiene_thresholds
),

dkim_judged as (
    select
        dkim_keys.domain,
        dkim_keys.record_name,
        case
            when dkim_keys.record_type = 'cname' then 'delegated'
            when not dkim_keys.has_key_tag then 'malformed'
            when dkim_keys.public_key is null then 'revoked'
            when not {{ matches('dkim_keys.public_key', '[A-Za-z0-9+/]+={0,2}') }} then 'malformed'
            when dkim_keys.is_testing then 'testing'
            when dkim_keys.key_type = 'ed25519' then 'long'
            when length(dkim_keys.public_key) < key_lengths.least_characters then 'short'
            when length(dkim_keys.public_key) < key_lengths.long_characters then 'medium'
            else 'long'
        end as key_class
    from dkim_keys
    cross join key_lengths
),

-- A selector that is delegated and was followed has both records: the key counts.
dkim_selectors as (
    select
        domain,
        record_name,
        count(case when key_class <> 'delegated' then 1 end) as keys,
        max(case when key_class <> 'delegated' then key_class end) as key_class
    from dkim_judged
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

-- DMARC (RFC 7489). Without a record of its own, a domain has that of the nearest domain above it.
dmarc_tags as (
    select distinct
        substring(record_name, 8) as policy_domain,
        record_type,
        ';' || {{ replace_all('lower(record_value)', blank(), '') }} || ';' as tags
    from current_records
    where
        strpos(record_name, '_dmarc.') = 1
        and (
            record_type = 'cname'
            or (
                record_type = 'txt'
                and strpos({{ replace_all('lower(record_value)', blank(), '') }} || ';', 'v=dmarc1;') = 1
            )
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
        last_days.domain,
        dmarc_by_domain.policy_domain,
        dmarc_by_domain.dmarc_records,
        dmarc_by_domain.dmarc_delegations,
        dmarc_by_domain.tags,
        row_number() over (
            partition by last_days.domain
            order by length(dmarc_by_domain.policy_domain) desc
        ) as nearness
    from last_days
    inner join dmarc_by_domain
        on
            last_days.domain = dmarc_by_domain.policy_domain
            or right(last_days.domain, length(dmarc_by_domain.policy_domain) + 1) = '.' || dmarc_by_domain.policy_domain
),

dmarc_parsed as (
    select
        domain,
        policy_domain,
        dmarc_records,
        dmarc_records = 0 and dmarc_delegations > 0 as is_dmarc_delegated,
        case
            when domain = policy_domain then {{ extracted('tags', ';p=([^;]*);') }}
            else coalesce({{ extracted('tags', ';sp=([^;]*);') }}, {{ extracted('tags', ';p=([^;]*);') }})
        end as dmarc_policy,
        coalesce({{ extracted('tags', ';pct=([0-9]{1,3});') }}, '100') as pct_text,
        {{ extracted('tags', ';rua=([^;]+);') }} is not null as has_dmarc_reports,
        coalesce({{ extracted('tags', ';adkim=([^;]*);') }}, 'r') = 's' as is_dkim_strict,
        coalesce({{ extracted('tags', ';aspf=([^;]*);') }}, 'r') = 's' as is_spf_strict
    from dmarc_found
    where nearness = 1
),

united as (
    select
        last_days.domain,
        last_days.collected_on,
        coalesce(spf_followed.spf_records, 0) as spf_records,
        spf_followed.spf_all,
        spf_followed.spf_lookups,
        spf_followed.spf_links_unknown,
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
    from last_days
    -- Each of the three may be missing: that is what is asked.
    left join spf_followed
        on last_days.domain = spf_followed.record_name
    left join dkim_summed
        on last_days.domain = dkim_summed.domain
    left join dmarc_parsed
        on last_days.domain = dmarc_parsed.domain
)

select * from united
