with events as (
    select * from {{ ref('fct_voter_events') }}
),

clock as (
    select * from {{ ref('key_clock') }}
),

-- An outcome ends a journey; events of later days belong to the next one (F81).
outcomes as (
    select
        events.voter_number,
        cast(max(events.occurred_at) as date) as last_outcome_date
    from events
    inner join {{ event_points() }} as types
        on events.event_type = types.event_type
    where types.role = 'outcome'
    group by events.voter_number
),

weighed as (
    select
        events.voter_number,
        events.channel,
        events.event_type,
        events.is_contact,
        events.is_human,
        events.quantity,
        cast(events.occurred_at as date) as event_date,
        {{ days_between('events.occurred_at', 'clock.as_of_date') }} as days_ago,
        types.role,
        types.is_answer,
        types.engagement_points,
        types.interest_points,
        types.intent_points,
        types.recent_points,
        coalesce(cast(events.occurred_at as date) > outcomes.last_outcome_date, true) as is_since_outcome
    from events
    inner join {{ event_points() }} as types
        on events.event_type = types.event_type
    cross join clock
    left join outcomes
        on events.voter_number = outcomes.voter_number
),

-- An event whose flag is above 1 counts that many times, as everywhere (F15).
summed_by_channel as (
    select
        weighed.voter_number,
        weighed.channel,
        cast(sum(case when weighed.role = 'exposure' then weighed.quantity else 0 end) as bigint) as exposures,
        cast(sum(case when weighed.is_answer then weighed.quantity else 0 end) as bigint) as responses,
        cast(
            sum(case when weighed.is_human and weighed.engagement_points > 0 then weighed.quantity else 0 end) as bigint
        ) as activities,
        cast(
            sum(case when weighed.is_contact and weighed.role = 'exposure' then weighed.quantity else 0 end) as bigint
        ) as contact_exposures,
        cast(sum(case when weighed.is_contact and weighed.is_answer then weighed.quantity else 0 end) as bigint)
            as contact_responses,
        count(case when weighed.role = 'opt_out' then 1 end) as opt_outs,
        -- An opt-out is not a sign of activity (F96).
        count(case when weighed.is_human and weighed.role <> 'opt_out' then 1 end) as human_events,
        count(case when weighed.is_human and weighed.role <> 'opt_out' and weighed.is_contact then 1 end)
            as contact_human_events,
        count(distinct case when weighed.is_human and weighed.role <> 'opt_out' then weighed.event_type end)
            as human_event_types,
        min(weighed.event_date) as first_event_date,
        max(case when weighed.is_human and weighed.engagement_points > 0 then weighed.event_date end)
            as last_activity_date,
        max(case when weighed.role = 'outcome' then weighed.event_date end) as last_outcome_date,
        {{ points_of_thousandths(
            'sum(case when weighed.is_human and weighed.days_ago < scales.recent_window_days'
            ~ ' then weighed.recent_points * weighed.quantity else 0 end)'
        ) }} as recent_points,
        {{ points_of_thousandths(
            'sum(case when weighed.is_human and weighed.days_ago < scales.activity_window_days'
            ~ ' then weighed.engagement_points * weighed.quantity else 0 end)'
        ) }} as activity_points,
        {{ points_of_thousandths(
            'sum(case when weighed.is_human and weighed.days_ago < scales.interest_window_days'
            ~ ' then weighed.interest_points * weighed.quantity else 0 end)'
        ) }} as interest_points,
        {{ points_of_thousandths(
            'sum(case when weighed.is_human and weighed.is_since_outcome'
            ~ ' and weighed.days_ago < scales.intent_window_days'
            ~ ' then weighed.intent_points * weighed.quantity else 0 end)'
        ) }} as intent_points
    from weighed
    cross join {{ score_scales() }} as scales
    group by weighed.voter_number, weighed.channel
)

select * from summed_by_channel
