with session_events as (
    select * from {{ ref('fct_session_events') }}
),

events as (
    select * from {{ ref('fct_voter_events') }}
),

-- An event with a duration ends that much later. Seconds count from 1970, so that one pass is enough.
timed as (
    select
        events.*,
        session_events.session_number,
        session_events.event_in_session,
        {{ seconds_between("cast('1970-01-01' as timestamp)", 'events.occurred_at') }} as begun_seconds,
        greatest(coalesce(events.duration_seconds, 0), 0) as taken_seconds
    from session_events
    inner join events
        on
            session_events.voter_number = events.voter_number
            and session_events.event_number = events.event_number
),

-- A depth is a share of a page: a number far from it is garbage of the source, and is cut off.
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
        round(
            {{ exact_sum('case when depth > 1e6 then 1e6 when depth < -1e6 then -1e6 else depth end', 9) }}, 4
        ) as depth,
        min_by(event_type, event_in_session) as entry_event_type,
        max_by(event_type, event_in_session) as exit_event_type
    from timed
    group by session_number, voter_number
),

capped as (
    select
        session_number,
        voter_number,
        is_contact,
        channel,
        started_at,
        ended_at,
        local_started_at,
        least(uncapped_seconds, {{ rule_value('session_rules', 'longest') }} * 60) as duration_seconds,
        uncapped_seconds > {{ rule_value('session_rules', 'longest') }} * 60 as is_capped,
        events,
        event_types,
        depth,
        entry_event_type,
        exit_event_type
    from summed_by_session
)

select * from capped
