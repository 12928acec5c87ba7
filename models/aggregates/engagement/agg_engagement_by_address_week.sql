with email_events as (
    select * from {{ ref('fct_email_events') }}
),

address_numbers as (
    select * from {{ ref('key_addresses') }}
),

summed_by_week as (
    select
        email_key,
        week_start,
        cast(sum(sends) as bigint) as sends,
        cast(sum(opens) as bigint) as opens,
        cast(sum(clicks) as bigint) as clicks,
        cast(sum(bounces) as bigint) as bounces,
        cast(sum(complaints) as bigint) as complaints,
        cast(sum(unsubs) as bigint) as unsubs,
        cast(sum(case when is_engagement then 1 else 0 end) as bigint) as engagements
    from email_events
    group by email_key, week_start
),

numbered as (
    select
        summed_by_week.*,
        address_numbers.address_number
    from summed_by_week
    inner join address_numbers
        on summed_by_week.email_key = address_numbers.email_key
)

select * from numbered
order by address_number, week_start
