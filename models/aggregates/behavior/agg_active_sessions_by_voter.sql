with events as (
    select * from {{ ref('fct_voter_events') }}
),

session_events as (
    select * from {{ ref('fct_session_events') }}
),

sessions as (
    select * from {{ ref('fct_sessions') }}
),

behavior as (
    select * from {{ ref('agg_behavior_by_voter_channel') }}
),

clock as (
    select * from {{ ref('key_clock') }}
),

-- A session with nothing but an opt-out is not a visit: it would raise the frequency of people who leave (F96).
earning_sessions as (
    select
        session_events.session_number,
        sum(types.engagement_points * events.quantity) as points
    from events
    inner join {{ event_points() }} as types
        on events.event_type = types.event_type
    inner join session_events
        on
            events.voter_number = session_events.voter_number
            and events.event_number = session_events.event_number
    where
        events.is_human
        and types.engagement_points > 0
    group by session_events.session_number
),

outcomes as (
    select
        voter_number,
        max(last_outcome_date) as last_outcome_date
    from behavior
    group by voter_number
),

-- Whole seconds: their sum does not depend on the order of adding.
dated as (
    select
        sessions.voter_number,
        sessions.events,
        cast(round(sessions.duration_seconds) as bigint) as seconds,
        earning_sessions.points,
        {{ days_between('sessions.started_at', 'clock.as_of_date') }} as days_ago,
        coalesce(cast(sessions.started_at as date) > outcomes.last_outcome_date, true) as is_since_outcome
    from earning_sessions
    inner join sessions
        on earning_sessions.session_number = sessions.session_number
    inner join outcomes
        on sessions.voter_number = outcomes.voter_number
    cross join clock
),

summed_by_voter as (
    select
        dated.voter_number,
        count(*) as active_sessions,
        count(case when dated.days_ago < scales.rf_window_days then 1 end) as sessions_recent,
        count(
            case
                when dated.days_ago >= scales.rf_window_days and dated.days_ago < 2 * scales.rf_window_days then 1
            end
        ) as sessions_previous,
        count(case when dated.days_ago < scales.engagement_window_days then 1 end) as engagement_sessions,
        {{ points_of_thousandths(
            'sum(case when dated.days_ago < scales.engagement_window_days then dated.points else 0 end)'
        ) }} as engagement_points,
        cast(sum(case when dated.days_ago < scales.engagement_window_days then dated.seconds else 0 end) as bigint)
            as engagement_seconds,
        count(case when dated.days_ago < scales.interest_window_days then 1 end) as interest_sessions,
        count(case when dated.is_since_outcome and dated.days_ago < scales.intent_window_days then 1 end)
            as intent_sessions
    from dated
    cross join {{ score_scales() }} as scales
    group by dated.voter_number
)

select * from summed_by_voter
