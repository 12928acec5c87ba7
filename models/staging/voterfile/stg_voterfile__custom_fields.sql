{{ config(materialized='table') }}

with custom_fields as (
    select * from {{ ref('base_voterfile__custom_fields') }}
),

deduplicated as (
    select
        custom_field_id,
        field_name,
        count(*) as delivered_rows
    from custom_fields
    where rejection_reason is null
    group by custom_field_id, field_name
)

select * from deduplicated
