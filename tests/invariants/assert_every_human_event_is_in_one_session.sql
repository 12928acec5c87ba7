-- The sessions hold every human event of every voter once, and nothing else; no session is longer than the limit, and
-- none ends before it starts.
with human_events as (
    select
        voter_number,
        event_number
    from {{ ref('fct_voter_events') }}
    where is_human
),

session_events as (
    select * from {{ ref('fct_session_events') }}
),

counted_by_session as (
    select
        session_number,
        count(*) as events,
        count(distinct voter_number) as voters
    from session_events
    group by session_number
)

select
    'event' as what,
    coalesce(human_events.voter_number, session_events.voter_number) as voter_number,
    coalesce(human_events.event_number, session_events.event_number) as number
from human_events
full outer join session_events
    on
        human_events.voter_number = session_events.voter_number
        and human_events.event_number = session_events.event_number
where
    human_events.event_number is null
    or session_events.event_number is null
union all
select
    'session' as what,
    sessions.voter_number,
    coalesce(sessions.session_number, counted_by_session.session_number) as number
from {{ ref('sessions') }} as sessions
full outer join counted_by_session
    on sessions.session_number = counted_by_session.session_number
where
    sessions.events is distinct from counted_by_session.events
    or counted_by_session.voters is distinct from 1
    or sessions.duration_seconds < 0
    or sessions.duration_seconds > {{ rule_value('session_rules', 'longest') }} * 60
    or sessions.started_at > sessions.ended_at
