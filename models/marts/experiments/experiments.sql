with definitions as (
    select * from {{ ref('stg_definitions__experiments') }}
),

arms as (
    select * from {{ ref('experiment_arms') }}
),

results as (
    select * from {{ ref('experiment_results') }}
),

clock as (
    select * from {{ ref('key_clock') }}
),

summed_arms as (
    select
        experiment,
        cast(sum(units) as bigint) as units,
        cast(sum(exposed) as bigint) as exposed,
        cast(sum(mixed_exposure) as bigint) as mixed_exposure,
        cast(sum(other_arm) as bigint) as other_arm,
        max(mixed_share) as mixed_share,
        max(sample_ratio_p) as sample_ratio_p
    from arms
    group by experiment
),

-- The first verdict in this order of any arm and primary metric: what breaks the experiment, then what it shows.
ranked as (
    select
        *,
        case verdict
            when 'draft' then 1
            when 'sample_ratio_mismatch' then 2
            when 'mixed_exposure' then 3
            when 'running' then 4
            when 'better' then 5
            when 'worse' then 6
            when 'no_difference_shown' then 7
            when 'unequal_before' then 8
            else 9
        end as place
    from results
),

summed_results as (
    select
        experiment,
        min(case when role = 'primary' then place end) as place,
        max(case when role = 'primary' then smallest_effect end) as smallest_effect,
        count(case when role = 'guardrail' and verdict = 'worse' then 1 end) as guardrails_worse
    from ranked
    group by experiment
),

judged as (
    select
        definitions.experiment,
        definitions.hypothesis,
        definitions.owner,
        case
            when definitions.status = 'draft' or definitions.starts_on > clock.as_of_date then 'draft'
            when definitions.ends_on < clock.as_of_date then 'ended'
            when definitions.status = 'paused' then 'paused'
            else 'running'
        end as status,
        definitions.unit_kind,
        definitions.starts_on,
        definitions.ends_on,
        definitions.alpha,
        summed_arms.units,
        summed_arms.exposed,
        summed_arms.mixed_exposure,
        summed_arms.mixed_share,
        summed_arms.other_arm,
        summed_arms.sample_ratio_p,
        case summed_results.place
            when 1 then 'draft'
            when 2 then 'sample_ratio_mismatch'
            when 3 then 'mixed_exposure'
            when 4 then 'running'
            when 5 then 'better'
            when 6 then 'worse'
            when 7 then 'no_difference_shown'
            when 8 then 'unequal_before'
            else 'insufficient'
        end as verdict,
        summed_results.guardrails_worse,
        summed_results.smallest_effect,
        definitions.smallest_effect as wanted_effect,
        definitions.frozen_terms,
        '{{ invocation_id }}' as build_id
    from definitions
    inner join summed_arms
        on definitions.experiment = summed_arms.experiment
    inner join summed_results
        on definitions.experiment = summed_results.experiment
    cross join clock
)

select * from judged
