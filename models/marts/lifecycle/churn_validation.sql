with churn_hazard as (
    select * from {{ ref('churn_hazard') }}
),

-- What the older fit had said of the people on whom the newer one was fitted, and what became of them.
tried as (
    select
        trials.churn_probability,
        outcomes.churn_exposures,
        outcomes.churn_events
    from churn_hazard as outcomes
    inner join churn_hazard as trials
        on
            outcomes.pause_band = trials.pause_band
            and outcomes.frequency_band = trials.frequency_band
            and outcomes.rhythm_band = trials.rhythm_band
    where
        outcomes.fit = 'current'
        and trials.fit = 'trial'
        and trials.churn_basis <> 'insufficient_data'
        and outcomes.churn_exposures > 0
),

summed_by_probability as (
    select
        churn_probability,
        cast(sum(churn_exposures) as bigint) as people,
        cast(sum(churn_events) as bigint) as events
    from tried
    group by churn_probability
),

ordered as (
    select
        churn_probability,
        people,
        events,
        cast(coalesce(sum(people) over (
            order by churn_probability
            rows between unbounded preceding and 1 preceding
        ), 0) as bigint) as people_below,
        cast(sum(people) over () as bigint) as all_people
    from summed_by_probability
),

-- The same prediction is in the same tenth, so that tenths may differ in size or be missing. Row 0 is everybody.
grouped as (
    select
        cast(floor(cast(people_below * 10 as double) / all_people) as bigint) + 1 as tenth,
        churn_probability,
        people,
        events
    from ordered
    union all
    select
        cast(0 as bigint) as tenth,
        churn_probability,
        people,
        events
    from ordered
),

summed_by_tenth as (
    select
        tenth,
        cast(sum(people) as bigint) as people,
        cast(sum(events) as bigint) as events,
        sum(people * churn_probability) as predicted_events,
        sum(
            events * (1 - churn_probability) * (1 - churn_probability)
            + (people - events) * churn_probability * churn_probability
        ) as squared_errors
    from grouped
    group by tenth
),

-- Too few people to try it on are a row without numbers, not a missing one.
completed as (
    select
        tenths.tenth,
        coalesce(summed_by_tenth.people, 0) as people,
        coalesce(summed_by_tenth.events, 0) as events,
        summed_by_tenth.predicted_events,
        summed_by_tenth.squared_errors,
        {{ share('summed_by_tenth.events', 'summed_by_tenth.people') }} as observed_share,
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
        tenth,
        people,
        events,
        observed_share,
        {{ wilson_bound('observed_share', 'trials', '-') }} as observed_share_low,
        {{ wilson_bound('observed_share', 'trials', '+') }} as observed_share_high,
        predicted_events / trials as predicted_share,
        squared_errors / trials as brier_score,
        -- Of who says the same of everybody, and knows the rate beforehand: hard to beat.
        observed_share * (1 - observed_share) as brier_score_base
    from completed
),

judged as (
    select
        tenth,
        people as people_tried,
        events as people_quiet,
        round(predicted_share, 4) as predicted_share,
        round(observed_share, 4) as observed_share,
        round(observed_share_low, 4) as observed_share_low,
        round(observed_share_high, 4) as observed_share_high,
        predicted_share between observed_share_low and observed_share_high as is_calibrated,
        round(brier_score, 4) as brier_score,
        round(brier_score_base, 4) as brier_score_base,
        case when tenth = 0 then round(1 - brier_score / nullif(brier_score_base, 0), 4) end as brier_skill,
        '{{ invocation_id }}' as build_id
    from bounded
)

select * from judged
