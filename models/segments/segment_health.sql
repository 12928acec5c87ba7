{{ config(parameters=['svids']) }}

with address_weeks as (
    select * from {{ ref('agg_engagement_by_address_week') }}
),

voters as (
    {{ segment_voters() }}
),

addresses as (
    {{ segment_addresses('voters') }}
),

segment_weeks as (
    select address_weeks.*
    from address_weeks
    inner join addresses
        on address_weeks.address_number = addresses.address_number
),

summed as (
    {{ summed_weeks('segment_weeks') }}
),

graded as (
    {{ graded_weeks('summed') }}
)

select * from graded
order by week_start
