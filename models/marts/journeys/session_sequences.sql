with session_events as (
    select * from {{ ref('fct_session_events') }}
),

sessions as (
    select * from {{ ref('fct_sessions') }}
),

events as (
    select * from {{ ref('fct_voter_events') }}
),

-- Each type once per moment of a session. Events of which only the day is known have no order: leave them out.
moments as (
    select
        session_events.session_number,
        session_events.voter_number,
        events.occurred_at,
        events.event_type,
        max(case when events.is_contact then 1 else 0 end) as is_contact
    from sessions
    inner join session_events
        on sessions.session_number = session_events.session_number
    inner join events
        on
            session_events.voter_number = events.voter_number
            and session_events.event_number = events.event_number
    where
        sessions.events > 1
        and events.local_source <> 'date'
    group by session_events.session_number, session_events.voter_number, events.occurred_at, events.event_type
),

placed as (
    select
        *,
        dense_rank() over (
            partition by session_number
            order by occurred_at
        ) as moment_number
    from moments
),

-- Skip a pair if both of its events count with another voter: it counts there (F05).
paired as (
    select
        placed.event_type as first_event_type,
        next_acts.event_type as next_event_type,
        placed.voter_number
    from placed
    inner join placed as next_acts
        on
            placed.session_number = next_acts.session_number
            and placed.moment_number + 1 = next_acts.moment_number
    where placed.is_contact + next_acts.is_contact > 0
),

counted as (
    select
        first_event_type,
        next_event_type,
        count(*) as pairs,
        count(distinct voter_number) as people
    from paired
    group by first_event_type, next_event_type
),

totalled as (
    select
        *,
        cast(sum(pairs) over (partition by first_event_type) as bigint) as first_pairs,
        cast(sum(pairs) over (partition by next_event_type) as bigint) as next_pairs,
        cast(sum(pairs) over () as bigint) as all_pairs
    from counted
),

proportioned as (
    select
        *,
        {{ proportion('pairs', 'first_pairs') }} as pair_proportion,
        {{ sample_size('first_pairs') }} as sample_size,
        {{ share('next_pairs', 'all_pairs') }} as next_share
    from totalled
),

-- P(a then b) / (P(a first) * P(b next)): the share of b among the events after a, over its share among all pairs.
lifted as (
    select
        *,
        round(first_pairs * next_share, 2) as expected_pairs,
        pair_proportion as follow_share,
        round(pair_proportion / next_share, 4) as lift,
        round({{ wilson_bound('pair_proportion', 'sample_size', '-') }} / next_share, 4) as lift_low,
        round({{ wilson_bound('pair_proportion', 'sample_size', '+') }} / next_share, 4) as lift_high,
        pairs >= {{ rule_value('journey_rules', 'sequence_pairs') }} as is_sufficient
    from proportioned
),

ranked as (
    select
        first_event_type,
        next_event_type,
        pairs,
        first_pairs,
        next_pairs,
        all_pairs,
        people,
        follow_share,
        expected_pairs,
        lift,
        lift_low,
        lift_high,
        is_sufficient,
        is_sufficient and (lift_low > 1 or lift_high < 1) as is_certain,
        case
            when is_sufficient
                then row_number() over (
                    order by
                        is_sufficient desc,
                        lift_low desc,
                        pairs desc,
                        first_event_type asc,
                        next_event_type asc
                )
        end as sequence_rank,
        '{{ invocation_id }}' as build_id
    from lifted
)

select * from ranked
order by sequence_rank nulls last, first_event_type, next_event_type
