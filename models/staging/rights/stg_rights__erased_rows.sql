{{ config(materialized='table') }}

{#- The large extracts: the columns with an address, and with a phone. -#}
{% set large = {
    'list_link_phone_email_map': (source('outreach', 'list_link_phone_email_map'), ('email', 'contact_number')),
    'email_clickers': (source('outreach', 'email_clickers'), ('email', none)),
} %}

{#- Their files that an earlier build has counted for the same requests, and the erased rows of the others by file. -#}
{% set counted_before, erased = {}, [] %}
{% for source_table, (relation, columns) in large.items() %}
{% do counted_before.update({source_table: counted_files(source_table, this)}) %}
{% for row in erased_rows_by_file(relation, columns, counted_before[source_table]) %}
{% do erased.append((source_table, row[0], row[1])) %}
{% endfor %}
{% endfor %}

{#- The rows of the other extracts that staging shows, counted by file. -#}
{% set remaining = [] %}
{% for _, source_table, view in delivered_tables()
    if source_table != 'erasure_requests' and source_table not in large %}
{% for row in rows_by_file(ref(view)) %}
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

counted_rows as (
    select
        'no table' as source_table,
        'no file' as source_file,
        0 as rows_remaining,
        0 as rows_erased
    {% for source_table, source_file, rows_remaining in remaining %}
    union all
    select
        '{{ source_table }}' as source_table,
        {{ text_literal(source_file) }} as source_file,
        {{ rows_remaining }} as rows_remaining,
        0 as rows_erased
    {% endfor %}
    {% for source_table, source_file, rows_erased in erased %}
    union all
    select
        '{{ source_table }}' as source_table,
        {{ text_literal(source_file) }} as source_file,
        0 as rows_remaining,
        {{ rows_erased }} as rows_erased
    {% endfor %}
),

counted as (
    select
        input_files.source_table,
        input_files.source_file,
        input_files.fingerprint,
        summed_erasures.erasures_digest,
        cast(case
            when input_files.source_table in ('list_link_phone_email_map', 'email_clickers')
                then coalesce(counted_rows.rows_erased, 0)
            else input_files.rows_in - coalesce(counted_rows.rows_remaining, 0)
        end as bigint) as rows_erased
    from input_files
    cross join summed_erasures
    -- When all rows of a file are erased, none remain; a file of a large extract may hold none to erase.
    left join counted_rows
        on
            input_files.source_table = counted_rows.source_table
            and input_files.source_file = counted_rows.source_file
    where
        {{ has_erasure_requests() }}
        and input_files.source_table <> 'erasure_requests'
        and not (
            input_files.source_table = 'list_link_phone_email_map'
            and {{ is_in_files('input_files.source_file', counted_before['list_link_phone_email_map']) }}
        )
        and not (
            input_files.source_table = 'email_clickers'
            and {{ is_in_files('input_files.source_file', counted_before['email_clickers']) }}
        )
    {% for source_table, files in counted_before.items() if files %}
    union all
    select
        source_table,
        source_file,
        fingerprint,
        erasures_digest,
        rows_erased
    from {{ carried_relation(this) }}
    where
        source_table = '{{ source_table }}'
        and {{ is_in_files('source_file', files) }}
    {% endfor %}
)

select * from counted
-- depends_on: {{ ref('placeholder_identifiers') }}
