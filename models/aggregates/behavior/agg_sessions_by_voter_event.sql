with events as (
    select * from {{ ref('agg_events_by_voter_event') }}
),

session_rules as (
    select * from {{ ref('session_rules') }}
),

-- What we send starts no session.
human_events as (
    select
        voter_number,
        event_number,
        occurred_at,
        given_session_id,
        lag(occurred_at) over (
            partition by voter_number, given_session_id
            order by event_number
        ) as previous_at
    from events
    where is_human
),

-- A session id of the source is taken at its word; without one, a session ends with the person's inactivity (F99).
started as (
    select
        human_events.voter_number,
        human_events.event_number,
        human_events.given_session_id,
        case
            when human_events.previous_at is null then 1
            when human_events.given_session_id is not null then 0
            when {{ seconds_between('human_events.previous_at', 'human_events.occurred_at') }}
                > session_rules.minutes * 60 then 1
            else 0
        end as is_start
    from human_events
    inner join session_rules
        on session_rules.rule = 'inactivity'
),

counted as (
    select
        voter_number,
        event_number,
        given_session_id,
        sum(is_start) over (
            partition by voter_number, given_session_id
            order by event_number
            rows between unbounded preceding and current row
        ) as session_of_id
    from started
),

opened as (
    select
        voter_number,
        event_number,
        min(event_number) over (partition by voter_number, given_session_id, session_of_id) as first_event_number,
        row_number() over (
            partition by voter_number, given_session_id, session_of_id
            order by event_number
        ) as event_in_session
    from counted
),

numbered as (
    select
        voter_number,
        event_number,
        dense_rank() over (order by voter_number, first_event_number) as session_number,
        event_in_session
    from opened
)

select * from numbered
