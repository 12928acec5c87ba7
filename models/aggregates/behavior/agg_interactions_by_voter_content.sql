with events as (
    select * from {{ ref('fct_voter_events') }}
),

-- Only events that earn points: an opt-out or an abandoned form shows no interest.
counted as (
    select
        events.voter_number,
        events.category,
        events.topic,
        events.client_shortname,
        {{ tells_opinion('events.channel') }} as is_opinion,
        count(*) as interactions,
        count(case when events.is_contact then 1 end) as contact_interactions
    from events
    inner join {{ event_points() }} as types
        on events.event_type = types.event_type
    where
        events.is_human
        and types.engagement_points > 0
    group by
        events.voter_number,
        events.category,
        events.topic,
        events.client_shortname,
        {{ tells_opinion('events.channel') }}
)

select * from counted
