with address_weeks as (
    select * from {{ ref('agg_engagement_by_address_week') }}
),

summed as (
    {{ summed_weeks('address_weeks') }}
),

graded as (
    {{ graded_weeks('summed') }}
)

select * from graded
