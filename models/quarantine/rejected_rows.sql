{{ config(materialized='view') }}

with small_extracts as (
    select * from {{ ref('rejected_rows_of_small_extracts') }}
),

contact_map as (
    select * from {{ ref('lnk_map_row') }}
),

email_events as (
    select * from {{ ref('fct_email_rows') }}
),

united as (
    select
        source_table,
        reason,
        rejected_at_build,
        source_file,
        source_row_number,
        row_json,
        omitted_rows
    from small_extracts
    union all
    select
        'list_link_phone_email_map' as source_table,
        rejection_reason as reason,
        read_at_build as rejected_at_build,
        source_file,
        source_row_number,
        row_json,
        omitted_rows
    from contact_map
    where rejection_reason is not null
    union all
    -- A row without a reason has its text kept only while it is in the future (F17).
    select
        'email_clickers' as source_table,
        coalesce(rejection_reason, 'date_future') as reason,
        read_at_build as rejected_at_build,
        source_file,
        source_row_number,
        row_json,
        omitted_rows
    from email_events
    where row_json is not null
),

identified as (
    select
        source_table || '/' || source_file || '/' || cast(source_row_number as varchar) as rejected_row_id,
        *
    from united
)

select * from identified
