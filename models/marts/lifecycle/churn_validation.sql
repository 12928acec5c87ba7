with summed_by_probability as (
    select
        value as churn_probability,
        people,
        positives as events
    from {{ ref('agg_trials_by_score_value') }}
    where
        score = 'churn_probability_score'
        and horizons_back = 1
),

ordered as (
    select
        *,
        cast(coalesce(sum(people) over (
            order by churn_probability
            rows between unbounded preceding and 1 preceding
        ), 0) as bigint) as people_below,
        cast(sum(people) over () as bigint) as all_people
    from summed_by_probability
),

-- People with the same prediction are in the same tenth, so tenths may differ in size or be missing. Row 0 is
-- everybody.
grouped as (
    select
        ordered.*,
        case
            when kinds.is_total then 0
            else cast(floor(cast(ordered.people_below * 10 as double) / ordered.all_people) as bigint) + 1
        end as tenth
    from ordered
    cross join (values (true), (false)) as kinds (is_total)
),

summed_by_tenth as (
    select
        tenth,
        cast(sum(people) as bigint) as people,
        cast(sum(events) as bigint) as events,
        {{ exact_sum('people * churn_probability', 12, 28) }} as predicted_events,
        {{ exact_sum(
            'events * (1 - churn_probability) * (1 - churn_probability)'
            ~ ' + (people - events) * churn_probability * churn_probability', 12, 28
        ) }} as squared_errors
    from grouped
    group by tenth
),

-- The row of everybody is there without a single person, too: it then has no numbers.
completed as (
    select
        tenths.tenth,
        coalesce(summed_by_tenth.people, 0) as people,
        coalesce(summed_by_tenth.events, 0) as events,
        summed_by_tenth.predicted_events,
        summed_by_tenth.squared_errors,
        {{ share('summed_by_tenth.events', 'summed_by_tenth.people') }} as quiet_share,
        {{ sample_size('summed_by_tenth.people') }} as trials
    from (
        select cast(0 as bigint) as tenth
        union
        select tenth
        from grouped
    ) as tenths
    left join summed_by_tenth
        on tenths.tenth = summed_by_tenth.tenth
),

bounded as (
    select
        *,
        {{ wilson_bound('quiet_share', 'trials', '-') }} as share_low,
        {{ wilson_bound('quiet_share', 'trials', '+') }} as share_high,
        predicted_events / trials as prediction,
        squared_errors / trials as score,
        -- The score of predicting the observed rate for everybody: known only afterwards, so hard to beat.
        quiet_share * (1 - quiet_share) as score_base
    from completed
),

graded as (
    select
        tenth,
        people as people_tried,
        events as people_quiet,
        round(prediction, 4) as predicted_share,
        round(quiet_share, 4) as observed_share,
        round(share_low, 4) as observed_share_low,
        round(share_high, 4) as observed_share_high,
        prediction between share_low and share_high as is_calibrated,
        round(score, 4) as brier_score,
        round(score_base, 4) as brier_score_base,
        case when tenth = 0 then round(1 - score / nullif(score_base, 0), 4) end as brier_skill,
        '{{ invocation_id }}' as build_id
    from bounded
)

select * from graded
