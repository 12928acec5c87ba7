with events as (
    select * from {{ ref('fct_voter_events') }}
),

-- The seed may give the delivered names of one type different categories: keep the first by name.
counted as (
    select
        channel,
        event_type,
        min(category) as category,
        max(case when is_human then 1 else 0 end) = 1 as is_human,
        count(*) as events,
        count(distinct voter_number) as people,
        min(occurred_at) as first_occurred_at,
        max(occurred_at) as last_occurred_at
    from events
    where is_contact
    group by channel, event_type
),

totalled as (
    select
        *,
        cast(sum(events) over (partition by is_human) as bigint) as all_events,
        row_number() over (
            partition by is_human
            order by events desc, channel asc, event_type asc
        ) as event_rank
    from counted
),

shared as (
    select
        channel,
        event_type,
        category,
        is_human,
        events,
        all_events,
        people,
        {{ share('events', 'all_events') }} as event_share,
        event_rank,
        first_occurred_at,
        last_occurred_at,
        '{{ invocation_id }}' as build_id
    from totalled
)

select * from shared
order by is_human desc, event_rank asc
