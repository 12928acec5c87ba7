-- Over all voters an event counts once: event_mix has as many events as the stream has rows with is_contact (F05). For
-- single voters an event counts with each of those who share it, and so does a session: voter_sessions has all of them.
with stream as (
    select
        count(case when is_contact then 1 end) as counted_events,
        count(case when is_contact and is_human then 1 end) as counted_human_events,
        count(case when is_human then 1 end) as human_events
    from {{ ref('fct_voter_events') }}
),

sessions as (
    select count(*) as sessions
    from {{ ref('fct_sessions') }}
),

summed_by_type as (
    select
        coalesce(sum(events), 0) as events,
        coalesce(sum(case when is_human then events end), 0) as human_events
    from {{ ref('event_mix') }}
),

summed_by_voter as (
    select
        coalesce(sum(events), 0) as events,
        coalesce(sum(session_count), 0) as sessions
    from {{ ref('voter_sessions') }}
)

select
    stream.counted_events,
    stream.human_events,
    sessions.sessions
from stream
cross join sessions
cross join summed_by_type
cross join summed_by_voter
where
    summed_by_type.events <> stream.counted_events
    or summed_by_type.human_events <> stream.counted_human_events
    or summed_by_voter.events <> stream.human_events
    or summed_by_voter.sessions <> sessions.sessions
