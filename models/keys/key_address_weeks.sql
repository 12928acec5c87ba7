with address_weeks as (
    select * from {{ ref('agg_engagement_by_address_week') }}
),

address_numbers as (
    select * from {{ ref('key_addresses') }}
),

numbered as (
    select
        address_numbers.address_number,
        address_weeks.week_start,
        address_weeks.sends,
        address_weeks.opens,
        address_weeks.clicks,
        address_weeks.bounces,
        address_weeks.complaints,
        address_weeks.unsubs,
        address_weeks.engagements
    from address_weeks
    inner join address_numbers
        on address_weeks.email_key = address_numbers.email_key
)

select * from numbered
order by address_number, week_start
