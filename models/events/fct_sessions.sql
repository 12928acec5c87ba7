with session_events as (
    select * from {{ ref('fct_session_events') }}
),

events as (
    select * from {{ ref('fct_voter_events') }}
),

session_rules as (
    select * from {{ ref('session_rules') }}
),

-- An event that tells how long it took ends that much later. Seconds count from 1970, so that one pass is enough.
joined as (
    select
        session_events.session_number,
        session_events.voter_number,
        session_events.event_in_session,
        events.is_contact,
        events.channel,
        events.event_type,
        events.occurred_at,
        events.local_at,
        events.depth,
        {{ seconds_between("cast('1970-01-01' as timestamp)", 'events.occurred_at') }} as begun_seconds,
        greatest(coalesce(events.duration_seconds, 0), 0) as taken_seconds
    from session_events
    inner join events
        on
            session_events.voter_number = events.voter_number
            and session_events.event_number = events.event_number
),

summed_by_session as (
    select
        session_number,
        voter_number,
        max(case when is_contact then 1 else 0 end) = 1 as is_contact,
        min_by(channel, event_in_session) as channel,
        min(occurred_at) as started_at,
        max(occurred_at) as ended_at,
        min_by(local_at, event_in_session) as local_started_at,
        round(max(begun_seconds + taken_seconds) - min(begun_seconds), 3) as uncapped_seconds,
        count(*) as events,
        count(distinct event_type) as event_types,
        round(sum(depth), 4) as depth,
        min_by(event_type, event_in_session) as entry_event_type,
        max_by(event_type, event_in_session) as exit_event_type
    from joined
    group by session_number, voter_number
),

capped as (
    select
        summed_by_session.session_number,
        summed_by_session.voter_number,
        summed_by_session.is_contact,
        summed_by_session.channel,
        summed_by_session.started_at,
        summed_by_session.ended_at,
        summed_by_session.local_started_at,
        least(summed_by_session.uncapped_seconds, cast(session_rules.minutes * 60 as double)) as duration_seconds,
        summed_by_session.uncapped_seconds > session_rules.minutes * 60 as is_capped,
        summed_by_session.events,
        summed_by_session.event_types,
        summed_by_session.depth,
        summed_by_session.entry_event_type,
        summed_by_session.exit_event_type
    from summed_by_session
    inner join session_rules
        on session_rules.rule = 'longest'
)

select * from capped
