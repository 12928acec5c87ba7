with coverage as (
    select * from {{ ref('coverage') }}
),

evaluation as (
    select * from {{ ref('score_evaluation') }}
    where
        score in ('gift_probability', 'similarity')
        and population in ('all', 'past_donors')
),

targets as (
    select
        rule as metric,
        value as target,
        unit
    from {{ ref('rules') }}
    where subject = 'success_targets'
),

counted as (
    select
        cast(coalesce(sum(case when step = 'with_behavior' then people end), 0) as bigint) as with_behavior,
        cast(coalesce(sum(case when step = 'in_file' then people end), 0) as bigint) as in_file
    from coverage
),

covered as (
    select
        'enrichment_coverage' as metric,
        {{ share('with_behavior', 'in_file') }} as measured,
        {{ sample_size('in_file') }} as trials,
        'voters of the file' as population,
        'Voters with a known event or gift, of all voters: the step with_behavior of coverage' as how_measured
    from counted
),

bounded_coverage as (
    select
        metric,
        measured,
        {{ wilson_bound('measured', 'trials', '-') }} as measured_low,
        {{ wilson_bound('measured', 'trials', '+') }} as measured_high,
        population,
        how_measured
    from covered
),

-- How precise a list is depends on its length: the longest one that reaches the target counts, else the shortest.
lists as (
    select
        evaluation.*,
        row_number() over (
            order by
                evaluation.as_of_date desc,
                case when evaluation.precision_at_k > targets.target then evaluation.k_share end desc nulls last,
                evaluation.k_share asc
        ) as list_rank,
        coalesce(evaluation.precision_at_k > targets.target, false) as is_reached
    from evaluation
    inner join targets
        on targets.metric = 'donor_precision'
    where
        evaluation.score = 'gift_probability'
        and evaluation.population = 'all'
),

precise as (
    select
        'donor_precision' as metric,
        precision_at_k as measured,
        precision_low as measured_low,
        precision_high as measured_high,
        'voters with a known event' as population,
        case
            when precision_at_k is null then 'Nobody was known a horizon ago'
            else
                'Share of the first ' || cast(cast(greatest(1, floor(people * k_share)) as bigint) as varchar) || ' of '
                || cast(people as varchar) || ' people by gift_probability who gave within '
                || cast(horizon_days as varchar) || ' days after ' || cast(as_of_date as varchar)
                || case
                    when is_reached then '. This is the longest list of score_evaluation that reaches the target'
                    else '. No list of score_evaluation reaches the target; this is the shortest'
                end
        end as how_measured
    from lists
    where list_rank = 1
),

similar_people as (
    select
        *,
        row_number() over (order by as_of_date desc, population asc, abs(k_share - 0.1) asc, k_share asc) as list_rank
    from evaluation
    where
        score = 'similarity'
        and lift is not null
),

likened as (
    select
        'lookalike_lift' as metric,
        similar_people.lift as measured,
        similar_people.precision_low / similar_people.base_rate as measured_low,
        similar_people.precision_high / similar_people.base_rate as measured_high,
        coalesce(similar_people.population, 'the list that is asked about') as population,
        case
            when similar_people.lift is null
                then 'Not by the build, which has no list of people: segment_lookalike_check measures it for a list'
            else 'Lift of the people most similar to past donors, from score_evaluation'
        end as how_measured
    from (values (1)) as always (one)
    left join similar_people
        on always.one = similar_people.list_rank
),

timed as (
    select
        'answer_time_p95' as metric,
        cast(null as double) as measured,
        cast(null as double) as measured_low,
        cast(null as double) as measured_high,
        'questions of the runner' as population,
        'Not by the build, which asks no questions: tools/benchmark.py measures it' as how_measured
),

united as (
    select * from bounded_coverage
    union all
    select * from precise
    union all
    select * from likened
    union all
    select * from timed
),

judged as (
    select
        targets.metric,
        targets.target,
        targets.unit,
        round(united.measured, 4) as measured,
        round(united.measured_low, 4) as measured_low,
        round(united.measured_high, 4) as measured_high,
        united.population,
        united.how_measured,
        case
            when targets.metric = 'answer_time_p95' then united.measured < targets.target
            else united.measured > targets.target
        end as is_met,
        '{{ invocation_id }}' as build_id
    from targets
    inner join united
        on targets.metric = united.metric
)

select * from judged
