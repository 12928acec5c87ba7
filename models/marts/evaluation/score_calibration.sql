with trials as (
    select * from {{ ref('agg_trials_by_score_value') }}
    where score in ('gift_probability', 'churn_probability_score', 'return_probability')
),

clock as (
    select * from {{ ref('key_clock') }}
),

ordered as (
    select
        *,
        coalesce(sum(people) over (
            partition by score, population, horizons_back
            order by value
            rows between unbounded preceding and 1 preceding
        ), 0) as people_below,
        sum(people) over (partition by score, population, horizons_back) as all_people
    from trials
),

-- People with the same prediction are in the same bin, so bins may differ in size or be missing.
binned as (
    select
        *,
        cast(floor(cast(people_below * 10 as double) / all_people) as bigint) + 1 as bin
    from ordered
),

summed_by_bin as (
    select
        score,
        outcome,
        population,
        horizons_back,
        horizon_days,
        bin,
        cast(sum(people) as bigint) as people,
        cast(sum(positives) as bigint) as positives,
        {{ exact_sum('people * value', 12, 38) }} as predicted,
        {{ share('sum(positives)', 'sum(people)') }} as observed,
        {{ sample_size('sum(people)') }} as trials
    from binned
    group by score, outcome, population, horizons_back, horizon_days, bin
),

bounded as (
    select
        summed_by_bin.score,
        summed_by_bin.outcome,
        {{ add_days('clock.as_of_date', '(-summed_by_bin.horizon_days * summed_by_bin.horizons_back)') }} as as_of_date,
        summed_by_bin.horizon_days,
        summed_by_bin.population,
        summed_by_bin.bin,
        summed_by_bin.people,
        summed_by_bin.positives,
        round(summed_by_bin.predicted / summed_by_bin.trials, 6) as predicted_share,
        round(summed_by_bin.observed, 6) as observed_share,
        round({{ wilson_bound('summed_by_bin.observed', 'summed_by_bin.trials', '-') }}, 6) as observed_low,
        round({{ wilson_bound('summed_by_bin.observed', 'summed_by_bin.trials', '+') }}, 6) as observed_high,
        '{{ invocation_id }}' as build_id
    from summed_by_bin
    cross join clock
)

select * from bounded
