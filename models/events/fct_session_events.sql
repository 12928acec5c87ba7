with events as (
    select * from {{ ref('fct_voter_events') }}
),

session_rules as (
    select * from {{ ref('session_rules') }}
),

-- What we send starts no session. A day without a time of day is no moment that a session could go on from.
human_events as (
    select
        voter_number,
        event_number,
        occurred_at,
        given_session_id,
        given_session_id is null and local_source = 'date' as is_dated
    from events
    where is_human
),

followed as (
    select
        voter_number,
        event_number,
        occurred_at,
        given_session_id,
        is_dated,
        lag(occurred_at) over (
            partition by voter_number, given_session_id, is_dated
            order by event_number
        ) as previous_at
    from human_events
),

-- A session id of the source is taken at its word; without one, a session ends with the person's inactivity (F99).
started as (
    select
        followed.voter_number,
        followed.event_number,
        followed.given_session_id,
        followed.is_dated,
        case
            when followed.previous_at is null then 1
            when followed.given_session_id is not null then 0
            when
                {{ seconds_between('followed.previous_at', 'followed.occurred_at') }}
                > session_rules.minutes * 60
                then 1
            else 0
        end as is_start
    from followed
    inner join session_rules
        on session_rules.rule = 'inactivity'
),

-- Numbers of events rise with time, so the last start so far is the highest.
opened as (
    select
        voter_number,
        event_number,
        max(case when is_start = 1 then event_number end) over (
            partition by voter_number, given_session_id, is_dated
            order by event_number
            rows between unbounded preceding and current row
        ) as first_event_number
    from started
),

numbered as (
    select
        voter_number,
        event_number,
        dense_rank() over (order by voter_number, first_event_number) as session_number,
        row_number() over (
            partition by voter_number, first_event_number
            order by event_number
        ) as event_in_session
    from opened
)

select * from numbered
