with arms as (
    select * from {{ ref('stg_definitions__experiment_arms') }}
),

assignments as (
    select * from {{ ref('experiment_assignments') }}
),

counted_by_arm as (
    select
        experiment,
        coalesce(exposed_arm, arm) as arm,
        count(distinct unit) as units,
        count(distinct case when exposed_arm is not null and not is_mixed then unit end) as exposed,
        count(distinct case when is_mixed then unit end) as mixed_exposure,
        count(distinct case when exposed_arm <> arm and not is_mixed then unit end) as other_arm
    from assignments
    group by experiment, coalesce(exposed_arm, arm)
),

-- Every arm has a row, even if nobody is in it.
filled as (
    select
        arms.*,
        coalesce(counted_by_arm.units, 0) as units,
        coalesce(counted_by_arm.exposed, 0) as exposed,
        coalesce(counted_by_arm.mixed_exposure, 0) as mixed_exposure,
        coalesce(counted_by_arm.other_arm, 0) as other_arm
    from arms
    left join counted_by_arm
        on
            arms.experiment = counted_by_arm.experiment
            and arms.arm = counted_by_arm.arm
),

expected as (
    select
        *,
        share * sum(exposed) over (partition by experiment) as expected,
        cast(sum(exposed) over (partition by experiment) as bigint) as all_exposed,
        cast(sum(mixed_exposure) over (partition by experiment) as bigint) as all_mixed
    from filled
),

deviated as (
    select
        experiment,
        count(*) - 1 as degrees,
        case
            when max(all_exposed) >= {{ rule_value('experiment_rules', 'least_units') }}
                then {{ exact_sum('(exposed - expected) * (exposed - expected) / nullif(expected, 0)', 9, 38) }}
        end as statistic
    from expected
    group by experiment
),

rooted as (
    select
        *,
        {{ erfc_x('sqrt(statistic)') }} as x
    from deviated
),

inverted as (
    select
        *,
        {{ erfc_t('x') }} as t,
        {{ erfc_u('t') }} as u
    from rooted
),

normalized as (
    select
        *,
        {{ two_sided_p('x', 't', 'u') }} as normal_p
    from inverted
),

tested as (
    select
        expected.experiment,
        expected.arm,
        expected.arm_position,
        expected.share,
        expected.units,
        expected.exposed,
        round(expected.expected, 2) as expected,
        expected.mixed_exposure,
        expected.other_arm,
        round({{ share('expected.all_mixed', 'expected.all_mixed + expected.all_exposed') }}, 6) as mixed_share,
        round({{ chi_squared_p('normalized.statistic', 'normalized.degrees', 'normalized.normal_p') }}, 9)
            as sample_ratio_p,
        '{{ invocation_id }}' as build_id
    from expected
    inner join normalized
        on expected.experiment = normalized.experiment
)

select * from tested
