{{ config(materialized='table') }}

{#- Files of the large extracts that an earlier build has counted for the same requests. -#}
{% set counted_map = counted_files('list_link_phone_email_map', this) %}
{% set counted_events = counted_files('email_clickers', this) %}
{% set counted_before = {'list_link_phone_email_map': counted_map, 'email_clickers': counted_events} %}

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

-- Without requests nothing is read.
remaining_rows as (
    {% for _, source_table, view in delivered_tables() if source_table != 'erasure_requests' %}
    select
        '{{ source_table }}' as source_table,
        source_file,
        count(*) as rows_remaining
    from {{ ref(view) }}
    where
        {{ has_erasure_requests() }}
        and not {{ is_in_files('source_file', counted_before.get(source_table)) }}
    group by source_file
    {{ 'union all' if not loop.last }}
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
