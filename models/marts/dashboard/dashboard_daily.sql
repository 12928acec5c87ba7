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

trigger_effects as (
    select * from {{ ref('trigger_effects') }}
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

-- The days of each day's trend, and as many before them.
trends as (
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
            days.day >= past.day
            and {{ add_days('days.day_before', '-days.trend_days') }} < past.day
    group by days.day
),

shown as (
    select
        joined.*,
        trends.acts_now,
        trends.acts_before,
        trends.gifts_now,
        trends.gifts_before,
        trends.members_before
    from joined
    inner join trends
        on joined.day = trends.day
    where joined.days_back < joined.days
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
            and coalesce(shown.day >= rules.starts_on, true)
            and coalesce(shown.day <= rules.ends_on, true)
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
    {%- for measure, table, value in [
        ('segments_total', 'definitions', "count(case when kind = 'segment' then 1 end)"),
        ('segments_active', 'definitions', "count(case when kind = 'segment' and status = 'active' then 1 end)"),
        ('active_triggers', 'definitions', "count(case when kind = 'trigger' and status = 'active' then 1 end)"),
        ('average_engagement', 'engagement', exact_mean('engagement_score', 4)),
        ('personalization_success_rate', 'experiments', percent(
            "count(case when verdict = 'better' then 1 end)",
            "count(case when verdict in ('better', 'worse', 'no_difference_shown') then 1 end)"
        )),
        ('trigger_success_rate', 'trigger_effects', percent('sum(goal_treated)', 'sum(treated)')),
    ] %}
    select
        max(clock.as_of_date) as day,
        '{{ measure }}' as measure,
        cast({{ value }} as double) as value
    from clock
    -- The table may be empty.
    left join {{ table }}
        on true
    {{ 'union all' if not loop.last }}
    {%- endfor %}
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
