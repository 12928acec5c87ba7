with outcomes as (
    select * from {{ ref('experiment_outcomes') }}
),

experiments as (
    select * from {{ ref('stg_definitions__experiments') }}
),

arms as (
    select * from {{ ref('experiment_arms') }}
),

clock as (
    select * from {{ ref('key_clock') }}
),

sized as (
    select
        experiment,
        cast(sum(units) as bigint) as all_units,
        max(mixed_share) as mixed_share,
        max(sample_ratio_p) as sample_ratio_p
    from arms
    group by experiment
),

pooled as (
    select
        experiment,
        metric,
        cast(sum(units) as bigint) as units,
        {{ exact_sum('sum_y', 4, 38) }} as sum_y,
        {{ exact_sum('sum_x', 4, 38) }} as sum_x,
        {{ exact_sum('squares_x', 8, 38) }} as squares_x,
        {{ exact_sum('products', 8, 38) }} as products
    from outcomes
    group by experiment, metric
),

-- CUPED takes off what the metric before the message explains. Shares and ratios have tests of their own.
factored as (
    select
        *,
        {{ share('sum_x', 'units') }} as mean_before,
        {{ cuped_factor(
            sample_covariance('sum_x', 'sum_y', 'products', 'units'), sample_variance('sum_x', 'squares_x', 'units')
        ) }} as factor
    from pooled
),

averaged as (
    select
        outcomes.*,
        factored.mean_before,
        case when outcomes.kind in ('count', 'total') then factored.factor else 0 end as factor,
        {{ share('outcomes.sum_x', 'outcomes.units') }} as mean_x,
        {{ share('outcomes.sum_y', "case when outcomes.kind = 'ratio' then outcomes.sum_x else outcomes.units end") }}
            as mean_y,
        {{ sample_variance('outcomes.sum_y', 'outcomes.squares_y', 'outcomes.units') }} as variance_y,
        {{ sample_variance('outcomes.sum_x', 'outcomes.squares_x', 'outcomes.units') }} as variance_x,
        {{ sample_covariance('outcomes.sum_x', 'outcomes.sum_y', 'outcomes.products', 'outcomes.units') }} as covariance
    from outcomes
    inner join factored
        on
            outcomes.experiment = factored.experiment
            and outcomes.metric = factored.metric
),

spread as (
    select
        *,
        mean_y - factor * (mean_x - mean_before) as mean,
        case when kind = 'proportion' then mean_y end as proportion,
        {{ sample_size('units') }} as size,
        case kind
            when 'proportion' then mean_y * (1 - mean_y)
            when 'ratio' then {{ ratio_variance('mean_y', 'mean_x', 'variance_y', 'variance_x', 'covariance') }}
            else {{ cuped_variance('variance_y', 'variance_x', 'covariance', 'factor') }}
        end as variance
    from averaged
),

-- Each arm beside the control, which is the first arm.
paired as (
    select
        treated.*,
        control.units as control_units,
        control.size as control_size,
        control.sum_y as control_sum_y,
        control.mean as control_mean,
        control.proportion as control_proportion,
        control.variance as control_variance,
        control.units_with_outcome + treated.units_with_outcome as both_with_outcome,
        treated.mean - control.mean as difference,
        treated.mean_y - control.mean_y as unadjusted_difference,
        treated.variance / treated.size as squared_error,
        control.variance / control.size as control_squared_error,
        (treated.mean_x - control.mean_x) / nullif(sqrt(
            treated.variance_x / treated.size + control.variance_x / control.size
        ), 0) as errors_apart_before,
        experiments.starts_on,
        experiments.status,
        experiments.alpha,
        {{ upper_z('(experiments.alpha / 2)') }} as z,
        sized.mixed_share,
        sized.sample_ratio_p,
        greatest(1, coalesce(experiments.planned_units, sized.all_units) * (treated.share + control.share))
            as planned_units
    from spread as treated
    inner join spread as control
        on
            treated.experiment = control.experiment
            and treated.metric = control.metric
            and control.arm_position = 1
    inner join experiments
        on treated.experiment = experiments.experiment
    inner join sized
        on treated.experiment = sized.experiment
    where treated.arm_position > 1
),

bounded as (
    select
        *,
        sqrt(squared_error + control_squared_error) as error,
        {{ welch_degrees('squared_error', 'size', 'control_squared_error', 'control_size') }} as degrees,
        {{ wilson_bound('proportion', 'size', '-', 'z') }} as low,
        {{ wilson_bound('proportion', 'size', '+', 'z') }} as high,
        {{ wilson_bound('control_proportion', 'control_size', '-', 'z') }} as control_low,
        {{ wilson_bound('control_proportion', 'control_size', '+', 'z') }} as control_high,
        {{ always_valid_rate('planned_units', 'alpha') }} as rate,
        error * {{ always_valid_errors('(units + control_units)', 'rate', 'alpha') }} as valid_error,
        case when kind = 'ratio' then z else {{ t_of_z('z', 'degrees') }} end as fixed_errors,
        difference / nullif(error, 0) as errors_apart
    from paired
),

-- Before the end only the interval that is valid on every day: repeated looks at the others raise false alarms (F84).
intervals as (
    select
        *,
        case
            when not is_final then difference - valid_error
            when kind = 'proportion'
                then {{ newcombe_bound('proportion', 'low', 'control_proportion', 'control_high', '-') }}
            else difference - error * fixed_errors
        end as ci_low,
        case
            when not is_final then difference + valid_error
            when kind = 'proportion'
                then {{ newcombe_bound('proportion', 'high', 'control_proportion', 'control_low', '+') }}
            else difference + error * fixed_errors
        end as ci_high,
        {{ erfc_x("case kind when 'proportion' then " ~ pooled_z('sum_y', 'units', 'control_sum_y', 'control_units')
            ~ " when 'ratio' then errors_apart else " ~ z_of_t('errors_apart', 'degrees') ~ ' end') }} as x
    from bounded
),

inverted as (
    select
        *,
        {{ erfc_t('x') }} as t,
        {{ erfc_u('t') }} as u
    from intervals
),

-- If nothing varies, nothing differs: p is 1.
tested as (
    select
        *,
        case when is_final and units > 0 and control_units > 0 then coalesce({{ two_sided_p('x', 't', 'u') }}, 1) end
            as p_value,
        role = 'primary' as is_primary
    from inverted
),

numbered as (
    select
        *,
        count(*) over (partition by experiment, is_primary) as tests,
        row_number() over (partition by experiment, is_primary order by p_value nulls last, metric, arm) as p_rank
    from tested
),

-- All primary metrics and arms together by Holm; all others by Benjamini and Hochberg (F84).
corrected as (
    select
        *,
        case
            when is_primary then {{ holm_p('p_value', 'tests', 'p_rank', ['experiment', 'is_primary']) }}
            else {{ q_value('p_value', 'tests', 'p_rank', ['experiment', 'is_primary']) }}
        end as p_adjusted
    from numbered
),

-- Figures about fewer people than the least group are hidden.
shown as (
    select
        *,
        case when least(units, control_units) >= {{ rule_value('disclosure_limits', 'small_group') }} then 1 end as one
    from corrected
),

judged as (
    select
        shown.experiment,
        shown.metric,
        shown.arm,
        shown.role,
        shown.kind,
        shown.units,
        shown.control_units,
        round(shown.one * shown.mean, 6) as mean,
        round(shown.one * shown.control_mean, 6) as control_mean,
        round(shown.one * shown.difference, 6) as difference,
        round(shown.one * shown.ci_low, 6) as ci_low,
        round(shown.one * shown.ci_high, 6) as ci_high,
        round(shown.one * shown.p_value, 9) as p_value,
        round(case when shown.p_value is not null then shown.one * shown.p_adjusted end, 9) as p_adjusted,
        round(shown.one * shown.unadjusted_difference, 6) as unadjusted_difference,
        round(shown.factor, 6) as cuped_factor,
        round(shown.one * {{ smallest_effect(
            'shown.control_variance', 'shown.units', 'shown.control_units', 'shown.z'
        ) }}, 6) as smallest_effect,
        shown.is_final,
        case
            when shown.status = 'draft' or shown.starts_on > clock.as_of_date then 'draft'
            when shown.sample_ratio_p < {{ rule_value('experiment_rules', 'sample_ratio_p') }}
                then 'sample_ratio_mismatch'
            when shown.mixed_share > {{ rule_value('experiment_rules', 'mixed_share') }} then 'mixed_exposure'
            when not shown.is_final then 'running'
            when
                least(shown.units, shown.control_units) < {{ rule_value('experiment_rules', 'least_units') }}
                or shown.both_with_outcome < {{ rule_value('experiment_rules', 'least_events') }}
                then 'insufficient'
            when
                shown.kind in ('count', 'total')
                and abs(shown.errors_apart_before) > {{ rule_value('experiment_rules', 'before_z') }}
                then 'unequal_before'
            when shown.p_adjusted > shown.alpha then 'no_difference_shown'
            when (shown.difference > 0) = shown.is_more_better then 'better'
            else 'worse'
        end as verdict,
        '{{ invocation_id }}' as build_id
    from shown
    cross join clock
)

select * from judged
