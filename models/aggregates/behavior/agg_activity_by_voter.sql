with events as (
    select * from {{ ref('fct_voter_events') }}
),

event_types as (
    select * from {{ ref('event_types') }}
),

rules as (
    select
        cast(churn_horizon as bigint) as horizon,
        cast(churn_earlier as bigint) as earlier,
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

-- The age of each active day at five moments; below 0 the day was still to come.
placed as (
    select
        aged.*,
        aged.days_ago - rules.earlier as days_ago_earlier,
        aged.days_ago - rules.horizon as days_ago_at_fit,
        aged.days_ago - rules.horizon - rules.earlier as days_ago_before_fit,
        aged.days_ago - 2 * rules.horizon as days_ago_at_trial,
        rules.frequency_window,
        rules.rule_window
    from aged
    cross join rules
),

summed_by_voter as (
    select
        voter_number,
        cast(sum(human_events) as bigint) as human_events,
        min(first_event_at) as first_event_at,
        max(last_event_at) as last_event_at,
        max(days_ago) as days_since_first,
        min(days_ago) as days_since_last,
        count(*) as active_days,
        count(case when days_ago <= frequency_window then 1 end) as recent_active_days,
        min(case when days_ago_earlier >= 0 then days_ago_earlier end) as days_since_last_earlier,
        count(case when days_ago_earlier >= 0 then 1 end) as active_days_earlier,
        count(case when days_ago_earlier between 0 and frequency_window then 1 end) as recent_active_days_earlier,
        min(case when days_ago_at_fit >= 0 then days_ago_at_fit end) as days_since_last_at_fit,
        count(case when days_ago_at_fit >= 0 then 1 end) as active_days_at_fit,
        count(case when days_ago_at_fit between 0 and frequency_window then 1 end) as recent_active_days_at_fit,
        min(case when days_ago_before_fit >= 0 then days_ago_before_fit end) as days_since_last_before_fit,
        count(case when days_ago_before_fit >= 0 then 1 end) as active_days_before_fit,
        count(case when days_ago_before_fit between 0 and frequency_window then 1 end) as recent_active_days_before_fit,
        min(case when days_ago_at_trial >= 0 then days_ago_at_trial end) as days_since_last_at_trial,
        count(case when days_ago_at_trial >= 0 then 1 end) as active_days_at_trial,
        count(case when days_ago_at_trial between 0 and frequency_window then 1 end) as recent_active_days_at_trial,
        cast(
            sum(case when days_ago < rule_window then points else 0 end) as decimal(18, 4)
        ) as window_points,
        cast(
            sum(case when days_ago >= rule_window and days_ago < 2 * rule_window then points else 0 end)
            as decimal(18, 4)
        ) as previous_window_points
    from placed
    group by voter_number
)

select * from summed_by_voter
