{#- Links that are followed, one after the other. Each takes a lookup, and receivers make 10. -#}
{% set most_links = 20 %}

with dns_records as (
    select * from {{ ref('agg_dns_records_by_domain') }}
),

-- SPF (RFC 7208). Two blanks between terms, so that neighbours do not share one. Names may end in the dot of the root.
padded as (
    select distinct
        record_name,
        {{ replace_all(
            "' ' || " ~ replace_all('lower(record_value)', ' +', '  ') ~ " || ' '", '[.] ', ' '
        ) }} as spf_text
    from dns_records
    where
        is_latest_of_name
        and record_type = 'txt'
        and instr(lower(record_value) || ' ', 'v=spf1 ') = 1
),

classified as (
    select
        *,
        {{ extracted('spf_text', ' ([+?~-]?all) ') }} as all_term
    from padded
),

-- An all ends the record: terms behind it are not read, nor is a redirect anywhere (RFC 7208, sections 5.1 and 6.1).
ended as (
    select
        record_name,
        case all_term
            when '-all' then 'fail'
            when '~all' then 'softfail'
            when '?all' then 'neutral'
            when '+all' then 'pass'
            when 'all' then 'pass'
        end as spf_all,
        case
            when all_term is not null
                then {{ replace_all(replace_all('spf_text', ' [+?~-]?all .*$', ' '), ' redirect=[^ ]+ ', ' ') }}
            else spf_text
        end as ended_text
    from classified
),

plain as (
    select
        *,
        {{ replace_all("replace(ended_text, '#', '')", ' [+?~-]include:', ' include:') }} as spf_text
    from ended
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
    from plain
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

-- A record that includes a name twice reads it twice.
linked as (
    {% for term in ['include:', 'redirect='] %}
    select
        counted_by_name.record_name,
        children.record_name as linked_name,
        {{ 'true' if term == 'redirect=' else 'false' }} as is_redirect,
        cast(
            (
                length(counted_by_name.spf_text)
                - length(replace(counted_by_name.spf_text, ' {{ term }}' || children.record_name || ' ', ''))
            ) / length(' {{ term }}' || children.record_name || ' ') as bigint
        ) as times
    from counted_by_name
    inner join counted_by_name as children
        on instr(counted_by_name.spf_text, ' {{ term }}' || children.record_name || ' ') > 0
    {% if not loop.last %}
    union all
    {% endif %}
    {% endfor %}
),

links_found as (
    select
        record_name,
        cast(sum(times) as bigint) as links
    from linked
    group by record_name
),

-- Ways from a record to the records that it leads to. The number has a bound, because ways multiply.
walked_0 as (
    select
        record_name,
        record_name as reached_name,
        true as is_redirected,
        cast(1 as bigint) as ways
    from counted_by_name
),

{% for link in range(1, most_links + 1) %}
walked_{{ link }} as (
    select
        walked.record_name,
        linked.linked_name as reached_name,
        walked.is_redirected and linked.is_redirect as is_redirected,
        least(cast(sum(walked.ways * linked.times) as bigint), 1000) as ways
    from walked_{{ link - 1 }} as walked
    inner join linked
        on walked.reached_name = linked.record_name
    group by walked.record_name, linked.linked_name, walked.is_redirected and linked.is_redirect
),

{% endfor %}
walked as (
    {% for link in range(most_links + 1) %}
    select
        *,
        {{ link }} as links
    from walked_{{ link }}
    {% if not loop.last %}
    union all
    {% endif %}
    {% endfor %}
),

summed_by_reached as (
    select
        record_name,
        reached_name,
        cast(sum(ways) as bigint) as ways,
        max(links) > 0 and record_name = reached_name as is_loop,
        max(case when is_redirected then 1 else 0 end) = 1 as is_redirected
    from walked
    group by record_name, reached_name
),

looped_names as (
    select record_name
    from summed_by_reached
    where is_loop
),

-- Lookups of all records on the way count (RFC 7208, section 4.6.4). An unknown link counts once, whatever the ways.
summed_by_name as (
    select
        summed_by_reached.record_name,
        min(case when summed_by_reached.is_redirected then reached.spf_all end) as spf_all,
        cast(sum(summed_by_reached.ways * reached.lookups) as bigint) as lookups,
        cast(sum(reached.links - coalesce(links_found.links, 0)) as bigint) as links_unknown,
        count(
            case
                when reached.spf_records > 1 and reached.record_name <> summed_by_reached.record_name then 1
            end
        ) as names_with_several,
        count(looped_names.record_name) > 0 as has_loop
    from summed_by_reached
    inner join counted_by_name as reached
        on summed_by_reached.reached_name = reached.record_name
    left join links_found
        on reached.record_name = links_found.record_name
    left join looped_names
        on reached.record_name = looped_names.record_name
    group by summed_by_reached.record_name
),

-- In a loop receivers give up at the first lookup too many.
followed as (
    select
        counted_by_name.record_name,
        counted_by_name.spf_records,
        summed_by_name.spf_all,
        case
            when summed_by_name.has_loop
                then cast({{ rule_value('hygiene_thresholds', 'spf_lookups') }} as bigint) + 1
            else summed_by_name.lookups
        end as spf_lookups,
        summed_by_name.links_unknown as spf_links_unknown,
        summed_by_name.names_with_several as spf_names_with_several,
        summed_by_name.has_loop as has_spf_loop
    from counted_by_name
    inner join summed_by_name
        on counted_by_name.record_name = summed_by_name.record_name
)

select * from followed
