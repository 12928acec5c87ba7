{{ config(materialized='view') }}

with segments as (
    select * from {{ ref('segment_overview') }}
),

conflicts as (
    select * from {{ ref('personalization_conflicts') }}
),

rules as (
    select * from {{ ref('stg_definitions__rules') }}
),

personalization as (
    select * from {{ ref('personalization') }}
),

experiments as (
    select * from {{ ref('experiments') }}
),

executions as (
    select * from {{ ref('trigger_executions') }}
),

build_tables as (
    select * from {{ ref('build_tables') }}
),

limits as (
    select
        {{ rule_value('dashboard_rules', 'jump_share') }} as jump_share,
        {{ rule_value('dashboard_rules', 'failed_share') }} as failed_share,
        {{ rule_value('experiment_rules', 'sample_ratio_p') }} as sample_ratio_p,
        {{ rule_value('experiment_rules', 'mixed_share') }} as mixed_share
),

-- A holdout, an exit or a later entry is as it should be; these reasons are not.
failed_by_trigger as (
    select
        trigger as name,
        count(case when reason in ('expired', 'no_permission', 'channel_cap', 'total_cap') then 1 end) as failed,
        count(*) as executions
    from executions
    group by trigger
),

winners as (
    select
        slot,
        rule
    from personalization
    group by slot, rule
),

-- The tables of a kind; all audiences are evaluated at once, and count with the segments.
timed as (
    select
        case
            when table_name like 'experiment%' then 'experiment'
            when table_name like 'personalization%' then 'rule'
            when table_name like 'trigger%' then 'trigger'
            when table_name like 'segment%' or table_name like 'audience%' then 'segment'
        end as kind,
        build_seconds
    from build_tables
    where
        layer = 'marts'
        and kind = 'table'
),

checked as (
    select
        'segment' as kind,
        segments.segment as name,
        'size_jump' as check_name,
        round({{ share('abs(segments.change_since_last)', '(segments.people - segments.change_since_last)') }}, 4)
            as value,
        limits.jump_share as limit_value,
        'the number of members changed by more than the limit since the last build' as meaning
    from segments
    cross join limits
    where segments.status = 'active'
    union all
    select
        'segment' as kind,
        segment as name,
        'no_members' as check_name,
        cast(case when people = 0 then 1 else 0 end as double) as value,
        cast(0 as double) as limit_value,
        'nobody fulfils the conditions' as meaning
    from segments
    where status = 'active'
    union all
    select
        'rule' as kind,
        rule as name,
        'conflicts' as check_name,
        cast(count(*) as double) as value,
        cast(0 as double) as limit_value,
        'rules of the same priority want the slot of the same people' as meaning
    from conflicts
    group by rule
    union all
    select
        'rule' as kind,
        rules.rule as name,
        'decides_nothing' as check_name,
        cast(case when winners.rule is null then 1 else 0 end as double) as value,
        cast(0 as double) as limit_value,
        'an active rule that no voter sees' as meaning
    from rules
    -- A rule may decide nothing.
    left join winners
        on rules.rule = winners.rule
    where rules.status = 'active'
    union all
    select
        'experiment' as kind,
        experiments.experiment as name,
        'sample_ratio' as check_name,
        1 - experiments.sample_ratio_p as value,
        1 - limits.sample_ratio_p as limit_value,
        'the sizes of the arms are no chance (1 less p)' as meaning
    from experiments
    cross join limits
    union all
    select
        'experiment' as kind,
        experiments.experiment as name,
        'mixed_exposure' as check_name,
        experiments.mixed_share as value,
        limits.mixed_share as limit_value,
        'units that got messages of two arms' as meaning
    from experiments
    cross join limits
    union all
    select
        'experiment' as kind,
        experiments.experiment as name,
        'other_arm' as check_name,
        round({{ share('experiments.other_arm', 'experiments.exposed') }}, 6) as value,
        limits.mixed_share as limit_value,
        'units that got the message of an arm to which they are not assigned' as meaning
    from experiments
    cross join limits
    union all
    select
        'experiment' as kind,
        experiment as name,
        'guardrails_worse' as check_name,
        cast(guardrails_worse as double) as value,
        cast(0 as double) as limit_value,
        'a guardrail got worse' as meaning
    from experiments
    union all
    select
        'trigger' as kind,
        failed_by_trigger.name,
        'failed_share' as check_name,
        round({{ share('failed_by_trigger.failed', 'failed_by_trigger.executions') }}, 6) as value,
        limits.failed_share as limit_value,
        'messages that came too late, had no permission or found no room under a cap' as meaning
    from failed_by_trigger
    cross join limits
    union all
    select
        kind,
        '' as name,
        'build_seconds' as check_name,
        cast(null as double) as value,
        cast(null as double) as limit_value,
        'seconds to make the tables of the kind' as meaning
    from timed
    where kind is not null
    group by kind
),

summed_by_kind as (
    select
        kind,
        round({{ exact_sum('build_seconds', 3) }}, 3) as build_seconds
    from timed
    group by kind
),

listed as (
    select
        checked.kind,
        checked.name,
        checked.check_name,
        checked.value,
        checked.limit_value,
        case when checked.value > checked.limit_value then 'warning' else 'ok' end as status,
        summed_by_kind.build_seconds,
        checked.meaning,
        '{{ invocation_id }}' as build_id
    from checked
    -- Only the row about time has a time.
    left join summed_by_kind
        on
            checked.kind = summed_by_kind.kind
            and checked.check_name = 'build_seconds'
)

select * from listed
