with activity as (
    select * from {{ ref('agg_activity_by_voter') }}
),

signals as (
    select * from {{ ref('agg_signals_by_voter_signal') }}
),

pattern_rules as (
    select * from {{ ref('behavior_pattern_rules') }}
),

rules as (
    select * from {{ lifecycle_rules() }} as lifecycle_rules
),

-- The other signals are acts. Fading is the absence of a person who was there before.
all_signals as (
    select
        voter_number,
        signal,
        events,
        subjects,
        days_since_last,
        main_events,
        main_noun,
        main_plural
    from signals
    union all
    select
        activity.voter_number,
        'fading' as signal,
        activity.recent_active_days as events,
        cast(null as bigint) as subjects,
        activity.days_since_last,
        cast(null as bigint) as main_events,
        cast(null as varchar) as main_noun,
        cast(null as varchar) as main_plural
    from activity
    cross join rules
    where activity.days_since_last <= rules.churn_dormant
),

matched as (
    select
        all_signals.*,
        pattern_rules.behavior_pattern,
        cast(pattern_rules.window_days as varchar) || ' days' as window_words,
        cast(cast(rules.churn_frequency_window as bigint) as varchar) || ' days' as frequency_words,
        row_number() over (
            partition by all_signals.voter_number
            order by pattern_rules.sort_order, pattern_rules.rule
        ) as place
    from all_signals
    inner join pattern_rules
        on all_signals.signal = pattern_rules.rule
    cross join rules
    where
        all_signals.events >= pattern_rules.min_events
        and coalesce(all_signals.subjects, 0) >= pattern_rules.min_subjects
        and (all_signals.signal <> 'fading' or all_signals.days_since_last > pattern_rules.window_days)
),

worded as (
    select
        voter_number,
        behavior_pattern,
        case signal
            when 'breadth'
                then
                    cast(events as varchar) || ' acts on ' || cast(subjects as varchar) || ' subjects in '
                    || window_words || ', last ' || {{ days_ago('days_since_last') }}
            when 'depth'
                then
                    cast(events as varchar) || ' acts on one subject in '
                    || window_words || ', last ' || {{ days_ago('days_since_last') }}
            when 'fading'
                then
                    {{ counted_noun('events', "'active day'", "'active days'") }}
                    || ' in ' || frequency_words || ', none for ' || cast(days_since_last as varchar)
            else
                {{ counted_noun('main_events', 'main_noun', 'main_plural') }}
                || case
                    when events > main_events
                        then ' and ' || {{ counted_noun('(events - main_events)', "'more act'", "'more acts'") }}
                    else ''
                end
                || ' in ' || window_words || ', last ' || {{ days_ago('days_since_last') }}
        end as pattern_evidence
    from matched
    where place = 1
)

select * from worded
