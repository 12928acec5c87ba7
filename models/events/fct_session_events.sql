with events as (
    select * from {{ ref('fct_voter_events') }}
),

-- A message that we send is not in a session. An event with a date but no time of day cannot continue a session that
-- has times.
human_events as (
    select
        *,
        given_session_id is null and local_source = 'date' as is_dated
    from events
    where is_human
),

followed as (
    select
        *,
        lag(occurred_at) over (
            partition by voter_number, given_session_id, is_dated
            order by event_number
        ) as previous_at
    from human_events
),

-- The source's session ids are taken as they are; without one, a session ends with inactivity (F99).
started as (
    select
        *,
        case
            when previous_at is null then 1
            when given_session_id is not null then 0
            when
                {{ seconds_between('previous_at', 'occurred_at') }}
                > {{ rule_value('session_rules', 'inactivity') }} * 60
                then 1
            else 0
        end as is_start
    from followed
),

-- Event numbers rise with time, so the last start so far has the highest number.
opened as (
    select
        *,
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
