with events as (
    select * from {{ ref('fct_voter_events') }}
),

event_types as (
    select * from {{ ref('event_types') }}
),

rules as (
    select
        cast(churn_frequency_window as bigint) as frequency_window,
        cast(rule_window as bigint) as rule_window
    from {{ lifecycle_rules() }} as lifecycle_rules
),

-- By the time of the event, not of its arrival (F93, F94). Points are decimals: their sum does not depend on the
-- order of adding. A flag above 1 earns its points that many times, as in the scores (F15).
summed_by_day as (
    select
        events.voter_number,
        cast(events.occurred_at as date) as active_date,
        min(events.occurred_at) as first_event_at,
        max(events.occurred_at) as last_event_at,
        count(*) as human_events,
        sum(cast(event_types.engagement_points as decimal(18, 4)) * events.quantity) as points
    from events
    inner join event_types
        on events.event_type = event_types.event_type
    where
        events.is_human
        -- An opt-out is not a sign of activity (F96).
        and event_types.role <> 'opt_out'
    group by
        events.voter_number,
        cast(events.occurred_at as date)
),

aged as (
    select
        *,
        {{ days_between('active_date', as_of_date()) }} as days_ago
    from summed_by_day
),

summed_by_voter as (
    select
        aged.voter_number,
        cast(sum(aged.human_events) as bigint) as human_events,
        min(aged.first_event_at) as first_event_at,
        max(aged.last_event_at) as last_event_at,
        max(aged.days_ago) as days_since_first,
        min(aged.days_ago) as days_since_last,
        count(*) as active_days,
        count(case when aged.days_ago <= rules.frequency_window then 1 end) as recent_active_days,
        cast(
            sum(case when aged.days_ago < rules.rule_window then aged.points else 0 end) as decimal(18, 4)
        ) as window_points,
        cast(
            sum(
                case
                    when aged.days_ago >= rules.rule_window and aged.days_ago < 2 * rules.rule_window then aged.points
                    else 0
                end
            ) as decimal(18, 4)
        ) as previous_window_points
    from aged
    cross join rules
    group by aged.voter_number
)

select * from summed_by_voter
