with clock as (
    select * from {{ ref('stg_clock') }}
),

address_weeks as (
    select * from {{ ref('agg_engagement_by_address_week') }}
),

-- The weeks of the population's data run from its first to the clock's, which is never complete (F34).
bounded as (
    select
        clock.as_of_date,
        min(address_weeks.week_start) as first_week_start,
        {{ week_start('clock.as_of_date') }} as last_week_start
    from clock
    -- A population without events has a clock all the same.
    left join address_weeks
        on true
    group by clock.as_of_date
)

select * from bounded
