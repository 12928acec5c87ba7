with sessions as (
    select * from {{ ref('fct_sessions') }}
),

voters as (
    select * from {{ ref('key_voters') }}
),

named as (
    select
        sessions.session_number,
        voters.state,
        voters.svid,
        sessions.voter_number,
        sessions.is_contact,
        sessions.channel,
        sessions.started_at,
        sessions.ended_at,
        sessions.local_started_at,
        sessions.duration_seconds,
        sessions.is_capped,
        sessions.events,
        sessions.event_types,
        sessions.depth,
        sessions.entry_event_type,
        sessions.exit_event_type,
        '{{ invocation_id }}' as build_id
    from sessions
    inner join voters
        on sessions.voter_number = voters.voter_number
)

select * from named
