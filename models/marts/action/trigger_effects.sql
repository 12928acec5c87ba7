with definitions as (
    select * from {{ ref('stg_definitions__definitions') }}
),

triggers as (
    select * from {{ ref('stg_definitions__triggers') }}
),

goals as (
    select * from {{ ref('agg_goals_by_trigger') }}
),

rules as (
    select
        {{ rule_value('trigger_rules', 'least_held_out') }} as least_held_out,
        {{ rule_value('trigger_rules', 'preview_goal_share') }} as preview_goal_share
),

counted as (
    select
        triggers.name,
        definitions.status,
        triggers.active_from,
        triggers.holdout_share,
        triggers.goal_days,
        coalesce(goals.entered, 0) as entered,
        coalesce(goals.treated, 0) as treated,
        coalesce(goals.held_out, 0) as held_out,
        case when triggers.goal_days is not null then coalesce(goals.goal_treated, 0) end as goal_treated,
        case when triggers.goal_days is not null then coalesce(goals.goal_held_out, 0) end as goal_held_out,
        coalesce(goals.people, 0) as people,
        rules.least_held_out,
        rules.preview_goal_share
    from triggers
    cross join rules
    inner join definitions
        on
            definitions.kind = 'trigger'
            and triggers.name = definitions.name
    -- Nobody may have entered yet.
    left join goals
        on triggers.name = goals.trigger_name
),

shared as (
    select
        *,
        {{ share('goal_treated', 'treated') }} as share_treated,
        {{ share('goal_held_out', 'held_out') }} as share_held_out,
        {{ sample_size('treated') }} as size_treated,
        {{ sample_size('held_out') }} as size_held_out,
        {{ pooled_z('goal_treated', 'treated', 'goal_held_out', 'held_out') }} as z,
        least(treated, held_out) >= least_held_out and goal_days is not null as is_enough,
        -- Before enough people were measured, those who entered stand for those to come.
        case when least(treated, held_out) >= least_held_out then treated else people * (1 - holdout_share) end
            as size_1,
        case when least(treated, held_out) >= least_held_out then held_out else people * holdout_share end as size_0
    from counted
),

bounded as (
    select
        *,
        {{ wilson_bound('share_treated', 'size_treated', '-', z_of_95_percent()) }} as low_treated,
        {{ wilson_bound('share_treated', 'size_treated', '+', z_of_95_percent()) }} as high_treated,
        {{ wilson_bound('share_held_out', 'size_held_out', '-', z_of_95_percent()) }} as low_held_out,
        {{ wilson_bound('share_held_out', 'size_held_out', '+', z_of_95_percent()) }} as high_held_out,
        {{ erfc_x('z') }} as z_x,
        case when is_enough and goal_held_out > 0 then share_held_out else preview_goal_share end as base_share
    from shared
),

measured as (
    select
        *,
        {{ erfc_t('z_x') }} as z_t,
        share_treated - share_held_out as raw_difference,
        {{ katz_bound('goal_treated', 'treated', 'goal_held_out', 'held_out', '-') }} as raw_ratio_low,
        {{ katz_bound('goal_treated', 'treated', 'goal_held_out', 'held_out', '+') }} as raw_ratio_high,
        {{ newcombe_bound('share_treated', 'low_treated', 'share_held_out', 'high_held_out', '-') }} as raw_low,
        {{ newcombe_bound('share_treated', 'high_treated', 'share_held_out', 'low_held_out', '+') }} as raw_high
    from bounded
),

tested as (
    select
        *,
        {{ erfc_u('z_t') }} as z_u
    from measured
),

effects as (
    select
        name as trigger,
        status,
        active_from,
        entered,
        treated,
        held_out,
        goal_treated,
        goal_held_out,
        case when is_enough then round(share_treated, 6) end as goal_share_treated,
        case when is_enough then round(share_held_out, 6) end as goal_share_held_out,
        case when is_enough then round(raw_difference, 6) end as difference,
        case when is_enough then round(raw_low, 6) end as ci_low,
        case when is_enough then round(raw_high, 6) end as ci_high,
        case when is_enough then round(z, 6) end as z_value,
        case when is_enough then round({{ two_sided_p('z_x', 'z_t', 'z_u') }}, 6) end as p_value,
        case when is_enough then round(share_treated / nullif(share_held_out, 0), 6) end as ratio,
        case when is_enough then round(raw_ratio_low, 6) end as ratio_low,
        case when is_enough then round(raw_ratio_high, 6) end as ratio_high,
        case when is_enough then round(raw_difference * treated, 1) end as incremental,
        case
            when status = 'draft' then 'draft'
            when goal_days is null then 'no_goal'
            when not is_enough then 'insufficient'
            when raw_low > 0 then 'better'
            when raw_high < 0 then 'worse'
            else 'no_difference_shown'
        end as verdict,
        round({{ smallest_effect('base_share * (1 - base_share)', 'size_1', 'size_0') }}, 6) as smallest_effect,
        '{{ invocation_id }}' as build_id
    from tested
)

select * from effects
