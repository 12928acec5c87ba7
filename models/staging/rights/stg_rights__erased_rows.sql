{{ config(materialized='table') }}

{#- Files of the large extracts that an earlier build has counted for the same requests. -#}
{% set counted_map = counted_files('list_link_phone_email_map', this) %}
{% set counted_events = counted_files('email_clickers', this) %}
{% set counted_before = {'list_link_phone_email_map': counted_map, 'email_clickers': counted_events} %}

{#- The rows that staging shows, counted by file. -#}
{% set remaining = [] %}
{% for _, source_table, view in delivered_tables() if source_table != 'erasure_requests' %}
{% for row in rows_by_file(ref(view), counted_before.get(source_table)) %}
{% do remaining.append((source_table, row[0], row[1])) %}
{% endfor %}
{% endfor %}

with input_files as (
    select * from {{ ref('stg_input_files') }}
),

erasures as (
    select * from {{ ref('stg_rights__erasures') }}
),

-- One digest for all who are erased: other requests erase other rows.
summed_erasures as (
    select {{ erasures_digest('erasure_hash') }} as erasures_digest
    from erasures
),

remaining_rows as (
    select
        'no table' as source_table,
        'no file' as source_file,
        0 as rows_remaining
    {% for source_table, source_file, rows_remaining in remaining %}
    union all
    select
        '{{ source_table }}' as source_table,
        {{ text_literal(source_file) }} as source_file,
        {{ rows_remaining }} as rows_remaining
    {% endfor %}
),

counted as (
    select
        input_files.source_table,
        input_files.source_file,
        input_files.fingerprint,
        summed_erasures.erasures_digest,
        input_files.rows_in - coalesce(remaining_rows.rows_remaining, 0) as rows_erased
    from input_files
    cross join summed_erasures
    -- When all rows of a file are erased, none remain.
    left join remaining_rows
        on
            input_files.source_table = remaining_rows.source_table
            and input_files.source_file = remaining_rows.source_file
    where
        {{ has_erasure_requests() }}
        and input_files.source_table <> 'erasure_requests'
        and not (
            input_files.source_table = 'list_link_phone_email_map'
            and {{ is_in_files('input_files.source_file', counted_map) }}
        )
        and not (
            input_files.source_table = 'email_clickers'
            and {{ is_in_files('input_files.source_file', counted_events) }}
        )
    {% if counted_map or counted_events %}
    union all
    select
        source_table,
        source_file,
        fingerprint,
        erasures_digest,
        rows_erased
    from {{ carried_relation(this) }}
    where
        (source_table = 'list_link_phone_email_map' and {{ is_in_files('source_file', counted_map) }})
        or (source_table = 'email_clickers' and {{ is_in_files('source_file', counted_events) }})
    {% endif %}
)

select * from counted
