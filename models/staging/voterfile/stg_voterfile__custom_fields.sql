{{ config(materialized='table') }}

with accepted as (
    select
        custom_field_id,
        field_name
    from {{ ref('base_voterfile__custom_fields') }}
    where rejection_reason is null
),

deduplicated as (
    select
        custom_field_id,
        field_name,
        count(*) as delivered_rows
    from accepted
    group by custom_field_id, field_name
)

select * from deduplicated
