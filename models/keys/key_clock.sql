with clock as (
    select * from {{ ref('stg_clock') }}
),

address_weeks as (
    select * from {{ ref('agg_engagement_by_address_week') }}
),

addresses as (
    select * from {{ ref('agg_engagement_by_address') }}
),

-- The weeks run from the first with data to the week of the reference date, which is never complete (F34).
bounded as (
    select
        clock.as_of_date,
        min(address_weeks.week_start) as first_week_start,
        {{ week_start('clock.as_of_date') }} as last_week_start
    from clock
    -- A population without events has a reference date too.
    left join address_weeks
        on true
    group by clock.as_of_date
),

described as (
    select
        bounded.*,
        (
            select count(*)
            from addresses
            where not addresses.has_any_click
        ) > 0 as has_address_without_click
    from bounded
)

select * from described
