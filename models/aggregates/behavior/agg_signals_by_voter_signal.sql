with events as (
    select * from {{ ref('fct_voter_events') }}
),

pattern_events as (
    select * from {{ ref('behavior_pattern_events') }}
),

pattern_rules as (
    select * from {{ ref('behavior_pattern_rules') }}
),

aged as (
    select
        voter_number,
        event_type,
        coalesce(topic, client_shortname) as subject,
        {{ days_between('occurred_at', as_of_date()) }} as days_ago
    from events
    where is_human
),

-- Windows end on the reference date (F82).
recent_acts as (
    select
        aged.*,
        pattern_events.signal,
        pattern_events.noun,
        pattern_events.plural
    from aged
    inner join pattern_events
        on aged.event_type = pattern_events.event_type
    where aged.days_ago <= (select max(pattern_rules.window_days) from pattern_rules)
),

counted_by_type as (
    select
        recent_acts.voter_number,
        recent_acts.signal,
        recent_acts.event_type,
        recent_acts.noun,
        recent_acts.plural,
        count(*) as events,
        min(recent_acts.days_ago) as days_since_last
    from recent_acts
    inner join pattern_rules
        on
            recent_acts.signal = pattern_rules.rule
            and recent_acts.days_ago <= pattern_rules.window_days
    group by
        recent_acts.voter_number,
        recent_acts.signal,
        recent_acts.event_type,
        recent_acts.noun,
        recent_acts.plural
),

ranked_types as (
    select
        *,
        cast(sum(events) over (partition by voter_number, signal) as bigint) as signal_events,
        min(days_since_last) over (partition by voter_number, signal) as signal_days_since_last,
        row_number() over (
            partition by voter_number, signal
            order by events desc, days_since_last asc, event_type asc
        ) as place
    from counted_by_type
),

-- An opt-out is not an interest in its subject.
counted_by_subject as (
    select
        recent_acts.voter_number,
        pattern_rules.rule,
        recent_acts.subject,
        count(*) as events,
        min(recent_acts.days_ago) as days_since_last
    from recent_acts
    inner join pattern_rules
        on
            pattern_rules.rule in ('breadth', 'depth')
            and recent_acts.days_ago <= pattern_rules.window_days
    where
        recent_acts.signal <> 'opt_out'
        and recent_acts.subject is not null
    group by
        recent_acts.voter_number,
        pattern_rules.rule,
        recent_acts.subject
),

summed_by_breadth as (
    select
        voter_number,
        cast(sum(events) as bigint) as events,
        count(*) as subjects,
        min(days_since_last) as days_since_last
    from counted_by_subject
    where rule = 'breadth'
    group by voter_number
),

ranked_subjects as (
    select
        *,
        row_number() over (
            partition by voter_number
            order by events desc, days_since_last asc, subject asc
        ) as place
    from counted_by_subject
    where rule = 'depth'
),

united as (
    select
        voter_number,
        signal,
        signal_events as events,
        cast(null as bigint) as subjects,
        signal_days_since_last as days_since_last,
        events as main_events,
        noun as main_noun,
        plural as main_plural
    from ranked_types
    where place = 1
    union all
    select
        voter_number,
        'breadth' as signal,
        events,
        subjects,
        days_since_last,
        cast(null as bigint) as main_events,
        cast(null as varchar) as main_noun,
        cast(null as varchar) as main_plural
    from summed_by_breadth
    union all
    select
        voter_number,
        'depth' as signal,
        events,
        cast(1 as bigint) as subjects,
        days_since_last,
        cast(null as bigint) as main_events,
        cast(null as varchar) as main_noun,
        cast(null as varchar) as main_plural
    from ranked_subjects
    where place = 1
)

select * from united
