with voter_events as (
    select * from {{ ref('fct_voter_events') }}
    where is_contact
),

engagement as (
    select * from {{ ref('engagement_scores') }}
),

definitions as (
    select * from {{ ref('stg_definitions__definitions') }}
),

rules as (
    select * from {{ ref('stg_definitions__rules') }}
),

spells as (
    select * from {{ ref('segment_spells') }}
),

experiments as (
    select * from {{ ref('experiments') }}
),

handovers as (
    select * from {{ ref('stg_action__handovers') }}
),

-- Nothing is known about the effects of triggers here.
trigger_effects as (
    select
        cast(0 as bigint) as treated,
        cast(0 as bigint) as goal_treated
    from experiments
    where false
),

clock as (
    select * from {{ ref('key_clock') }}
),

bounds as (
    select
        as_of_date,
        cast({{ rule_value('dashboard_rules', 'days') }} as bigint) as days,
        cast({{ rule_value('dashboard_rules', 'trend_days') }} as bigint) as trend_days
    from clock
),

numbered as (
    select
        *,
        {{ numbers_up_to('(days + 2 * trend_days - 1)') }} as days_back
    from bounds
),

-- The days before the first shown one are needed for its trend.
calendar as (
    select
        *,
        {{ add_days('as_of_date', '-days_back') }} as day,
        {{ add_days('as_of_date', '-days_back - trend_days') }} as day_before
    from numbered
),

counted_by_type as (
    select
        cast(occurred_at as date) as day,
        event_type,
        count(*) as events
    from voter_events
    group by cast(occurred_at as date), event_type
),

counted_by_day as (
    select
        cast(occurred_at as date) as day,
        count(*) as events,
        count(case when is_human then 1 end) as human_events,
        count(distinct case when is_human then voter_number end) as people,
        count(case when event_type = 'donation' then 1 end) as gifts
    from voter_events
    group by cast(occurred_at as date)
),

members_by_day as (
    select
        calendar.day,
        count(*) as members
    from calendar
    inner join spells
        on calendar.day >= spells.entered_on and coalesce(calendar.day < spells.left_on, true)
    group by calendar.day
),

handed_over as (
    select
        cast(handed_over_at as date) as day,
        count(*) as actions,
        count(trigger_name) as executions
    from handovers
    group by cast(handed_over_at as date)
),

joined as (
    select
        calendar.*,
        coalesce(counted_by_day.events, 0) as events,
        coalesce(counted_by_day.human_events, 0) as human_events,
        coalesce(counted_by_day.people, 0) as people,
        coalesce(counted_by_day.gifts, 0) as gifts,
        coalesce(members_by_day.members, 0) as members,
        coalesce(handed_over.actions, 0) as actions,
        coalesce(handed_over.executions, 0) as executions
    from calendar
    -- Days without events, members or hand-overs count 0.
    left join counted_by_day
        on calendar.day = counted_by_day.day
    left join members_by_day
        on calendar.day = members_by_day.day
    left join handed_over
        on calendar.day = handed_over.day
),

-- Each day with the days of its trend up to it, and as many before them.
shown as (
    select
        later.*,
        earlier.acts_now,
        earlier.acts_before,
        earlier.gifts_now,
        earlier.gifts_before,
        earlier.members_before
    from joined as later
    inner join (
        select
            days.day,
            cast(sum(case when past.day > days.day_before then past.human_events end) as bigint) as acts_now,
            cast(sum(case when past.day <= days.day_before then past.human_events end) as bigint) as acts_before,
            cast(sum(case when past.day > days.day_before then past.gifts end) as bigint) as gifts_now,
            cast(sum(case when past.day <= days.day_before then past.gifts end) as bigint) as gifts_before,
            max(case when past.day = days.day_before then past.members end) as members_before
        from joined as days
        inner join joined as past
            on
                past.day <= days.day
                and past.day > {{ add_days('days.day_before', '-days.trend_days') }}
        group by days.day
    ) as earlier
        on later.day = earlier.day
    where later.days_back < later.days
),

united as (
    {%- for measure, value in [
        ('total_events', 'cast(events as double)'),
        ('unique_users', 'cast(people as double)'),
        ('segment_total_members', 'cast(members as double)'),
        ('triggered_actions', 'cast(actions as double)'),
        ('executions_today', 'cast(executions as double)'),
        ('engagement_trend', percent('(acts_now - acts_before)', 'acts_before')),
        ('conversion_trend', percent('(gifts_now - gifts_before)', 'gifts_before')),
        ('segment_growth', percent('(members - members_before)', 'members_before')),
    ] %}
    select
        day,
        '{{ measure }}' as measure,
        {{ value }} as value
    from shown
    union all
    {%- endfor %}
    {%- for prefix, value in [
        ('events_', 'cast(counted_by_type.events as double)'),
        ('event_share_', percent('counted_by_type.events', 'shown.events')),
    ] %}
    select
        shown.day,
        '{{ prefix }}' || counted_by_type.event_type as measure,
        {{ value }} as value
    from shown
    inner join counted_by_type
        on shown.day = counted_by_type.day
    union all
    {%- endfor %}
    select
        shown.day,
        'active_rules' as measure,
        cast(count(rules.rule) as double) as value
    from shown
    -- There may be no rules.
    left join rules
        on
            rules.status = 'active'
            and coalesce(rules.starts_on <= shown.day, true)
            and coalesce(rules.ends_on >= shown.day, true)
    group by shown.day
    union all
    select
        shown.day,
        'running_experiments' as measure,
        cast(count(experiments.experiment) as double) as value
    from shown
    -- On most days there is no experiment.
    left join experiments
        on
            experiments.status <> 'draft'
            and shown.day between experiments.starts_on and experiments.ends_on
    group by shown.day
    union all
    -- Definitions and scores are those of the reference date: of earlier days they are not known.
    select
        clock.as_of_date as day,
        measures.measure,
        case measures.measure
            when 'segments_total' then (select count(*) from definitions where kind = 'segment')
            when 'segments_active'
                then (select count(*) from definitions where kind = 'segment' and status = 'active')
            when 'active_triggers'
                then (select count(*) from definitions where kind = 'trigger' and status = 'active')
            when 'average_engagement' then (select {{ exact_mean('engagement_score', 4) }} from engagement)
            when 'personalization_success_rate'
                then (
                    select {{ percent(
                        "count(case when verdict = 'better' then 1 end)",
                        "count(case when verdict in ('better', 'worse', 'no_difference_shown') then 1 end)"
                    ) }}
                    from experiments
                )
            when 'trigger_success_rate'
                then (select {{ percent('sum(goal_treated)', 'sum(treated)') }} from trigger_effects)
        end as value
    from clock
    cross join (
        values
        ('segments_total'), ('segments_active'), ('active_triggers'), ('average_engagement'),
        ('personalization_success_rate'), ('trigger_success_rate')
    ) as measures (measure)
),

listed as (
    select
        day,
        measure,
        round(value, 4) as value,
        '{{ invocation_id }}' as build_id
    from united
)

select * from listed
