with dns_records as (
    select * from {{ ref('stg_deliverability__dns_records') }}
),

collected as (
    select
        *,
        max(cast(collected_at as date)) over (partition by domain) as collected_on
    from dns_records
),

-- A record that the last collection of its domain did not find is gone.
current_records as (
    select distinct
        domain,
        collected_on,
        record_type,
        record_name,
        record_value
    from collected
    where cast(collected_at as date) = collected_on
),

-- SPF (RFC 7208). Two blanks between terms, so that neighbours do not share one.
padded as (
    select distinct
        record_name,
        ' ' || {{ replace_all('lower(record_value)', ' +', '  ') }} || ' ' as spf_text
    from current_records
    where
        record_type = 'txt'
        and instr(lower(record_value) || ' ', 'v=spf1 ') = 1
),

classified as (
    select
        record_name,
        case
            when instr(spf_text, ' -all ') > 0 then 'fail'
            when instr(spf_text, ' ~all ') > 0 then 'softfail'
            when instr(spf_text, ' ?all ') > 0 then 'neutral'
            when instr(spf_text, ' all ') > 0 or instr(spf_text, ' +all ') > 0 then 'pass'
        end as spf_all,
        {{ replace_all("replace(spf_text, '#', '')", ' [+?~-]include:', ' include:') }} as plain_text
    from padded
),

-- An all ends the record: a redirect beside it is ignored (RFC 7208, section 6.1).
ended as (
    select
        record_name,
        spf_all,
        case
            when spf_all is not null then {{ replace_all('plain_text', ' redirect=[^ ]+ ', ' ') }}
            else plain_text
        end as spf_text
    from classified
),

-- Each term that needs a lookup becomes one character; the marks are counted below.
marked as (
    select
        *,
        {{ replace_all(
            'spf_text',
            ' [+?~-]?(?:include:[^ ]+|a(?:[:/][^ ]*)?|mx(?:[:/][^ ]*)?|ptr(?::[^ ]*)?|exists:[^ ]+|redirect=[^ ]+) ',
            '#'
        ) }} as lookups_marked,
        {{ replace_all('spf_text', ' (?:include:[^ ]+|redirect=[^ ]+) ', '#') }} as links_marked
    from ended
),

-- A name should have one record; several are an error, which sending_domains reports.
counted_by_name as (
    select
        record_name,
        count(*) as spf_records,
        min(spf_all) as spf_all,
        max(spf_text) as spf_text,
        max(length(lookups_marked) - length(replace(lookups_marked, '#', ''))) as lookups,
        max(length(links_marked) - length(replace(links_marked, '#', ''))) as links
    from marked
    group by record_name
),

linked as (
    select
        counted_by_name.record_name,
        children.record_name as linked_name,
        children.lookups,
        children.links,
        case
            when instr(counted_by_name.spf_text, ' redirect=' || children.record_name || ' ') > 0 then children.spf_all
        end as redirected_all
    from counted_by_name
    inner join counted_by_name as children
        on
            instr(counted_by_name.spf_text, ' include:' || children.record_name || ' ') > 0
            or instr(counted_by_name.spf_text, ' redirect=' || children.record_name || ' ') > 0
),

-- Lookups of included records count, too (RFC 7208, section 4.6.4): followed three deep; deeper ones are unknown.
linked_twice as (
    select
        linked.record_name,
        children.linked_name,
        children.lookups,
        children.links,
        cast(null as varchar) as redirected_all
    from linked
    inner join linked as children
        on linked.linked_name = children.record_name
),

linked_thrice as (
    select
        linked_twice.record_name,
        children.linked_name,
        children.lookups,
        children.links,
        cast(null as varchar) as redirected_all
    from linked_twice
    inner join linked as children
        on linked_twice.linked_name = children.record_name
),

nested as (
    select * from linked
    union all
    select * from linked_twice
    union all
    select * from linked_thrice
),

-- A link that leads to a record counts as found one level down.
summed_links as (
    select
        record_name,
        cast(sum(lookups) as bigint) as lookups,
        cast(sum(links) as bigint) as links,
        count(*) as found_links,
        min(redirected_all) as redirected_all
    from nested
    group by record_name
),

followed as (
    select
        counted_by_name.record_name,
        counted_by_name.spf_records,
        coalesce(counted_by_name.spf_all, summed_links.redirected_all) as spf_all,
        counted_by_name.lookups + coalesce(summed_links.lookups, 0) as spf_lookups,
        counted_by_name.links + coalesce(summed_links.links, 0) - coalesce(summed_links.found_links, 0)
            as spf_links_unknown
    from counted_by_name
    -- A record may include nothing, or nothing that was collected.
    left join summed_links
        on counted_by_name.record_name = summed_links.record_name
)

select * from followed
