-- Over all voters an event counts once: event_mix has as many as there are rows to count in the stream (F05). Voter by
-- voter it counts with each of those who share it, and so does a session: voter_sessions has them all.
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

told as (
    select
        coalesce(sum(events), 0) as events,
        coalesce(sum(case when is_human then events end), 0) as human_events
    from {{ ref('event_mix') }}
),

told_of_voters as (
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
cross join told
cross join told_of_voters
where
    told.events <> stream.counted_events
    or told.human_events <> stream.counted_human_events
    or told_of_voters.events <> stream.human_events
    or told_of_voters.sessions <> sessions.sessions
