{{ config(materialized='table') }}

with retention as (
    select * from {{ ref('retention') }}
),

clock as (
    select * from {{ ref('stg_clock') }}
),

limited as (
    select
        retention.kind as source_table,
        cast({{ add_days('clock.as_of_date', '-retention.days') }} as timestamp) as oldest_at
    from retention
    cross join clock
    where retention.days is not null
)

select * from limited
