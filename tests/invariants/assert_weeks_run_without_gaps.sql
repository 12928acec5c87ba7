-- Mondays from the first week to that of the reference date, seven days apart; only the last is incomplete (F34).
with weeks as (
    select
        week_start,
        is_complete_week,
        lag(week_start) over (order by week_start) as previous_week_start
    from {{ ref('engagement_health_weekly') }}
),

clock as (
    select * from {{ ref('key_clock') }}
)

select
    weeks.week_start,
    weeks.previous_week_start,
    weeks.is_complete_week
from weeks
cross join clock
where
    coalesce({{ days_between('weeks.previous_week_start', 'weeks.week_start') }}, 7) <> 7
    or weeks.week_start <> {{ week_start('weeks.week_start') }}
    or weeks.is_complete_week <> (weeks.week_start < clock.last_week_start)
    or weeks.week_start > clock.as_of_date
