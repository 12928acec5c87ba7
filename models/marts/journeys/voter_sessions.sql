with voters as (
    select * from {{ ref('key_voters') }}
),

sessions as (
    select * from {{ ref('fct_sessions') }}
),

events as (
    select * from {{ ref('fct_voter_events') }}
),

summed_by_voter as (
    select
        voter_number,
        count(*) as session_count,
        count(case when is_capped then 1 end) as capped_sessions,
        round(sum(duration_seconds), 3) as session_seconds,
        min(started_at) as first_session_at,
        max(started_at) as last_session_at
    from sessions
    group by voter_number
),

typed_by_voter as (
    select
        voter_number,
        count(*) as events,
        count(distinct event_type) as event_types
    from events
    where is_human
    group by voter_number
),

rated as (
    select
        voters.state,
        voters.svid,
        voters.voter_number,
        coalesce(typed_by_voter.events, 0) as events,
        coalesce(typed_by_voter.event_types, 0) as event_types,
        coalesce(summed_by_voter.session_count, 0) as session_count,
        coalesce(summed_by_voter.capped_sessions, 0) as capped_sessions,
        coalesce(summed_by_voter.session_seconds, 0) as session_seconds,
        round({{ share('summed_by_voter.session_seconds', 'summed_by_voter.session_count') }}, 2)
            as average_session_seconds,
        round({{ share('typed_by_voter.events', 'summed_by_voter.session_count') }}, 2) as events_per_session,
        summed_by_voter.first_session_at,
        summed_by_voter.last_session_at,
        '{{ invocation_id }}' as build_id
    from voters
    -- A voter without an event has zeros.
    left join typed_by_voter
        on voters.voter_number = typed_by_voter.voter_number
    left join summed_by_voter
        on voters.voter_number = summed_by_voter.voter_number
)

select * from rated
