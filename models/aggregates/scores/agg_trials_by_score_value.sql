with forecasts as (
    select * from {{ ref('agg_gift_forecasts_by_voter_moment') }}
    where horizons_back > 0
),

-- Everybody is judged on any gift, besides the two populations on theirs.
populations as (
    select
        *,
        population as judged_population,
        outcome as judged_outcome
    from forecasts
    union all
    select
        *,
        'all' as judged_population,
        'gift' as judged_outcome
    from forecasts
),

scored as (
    select
        scores.score,
        populations.judged_population as population,
        populations.judged_outcome as outcome,
        populations.horizons_back,
        populations.horizon_days,
        populations.is_positive,
        case scores.score
            when 'gift_probability' then populations.gift_probability
            when 'donor_propensity_score' then populations.donor_propensity_score
            when 'count_only'
                then case
                    when populations.judged_population = 'never_donors' then populations.clicks
                    else populations.gifts
                end
            when 'recency_only'
                then -coalesce(
                    case
                        when populations.judged_population = 'never_donors' then populations.days_since_last_act
                        else populations.days_since_last_gift
                    end,
                    {{ rule_value('score_rules', 'longest_pause') }}
                )
            else 0
        end as value
    from populations
    cross join (
        values
        ('gift_probability'),
        ('donor_propensity_score'),
        ('recency_only'),
        ('count_only'),
        ('random')
    ) as scores (score)
),

-- People with one value are a tie: their order is never decided.
counted_by_value as (
    select
        score,
        outcome,
        population,
        horizons_back,
        horizon_days,
        cast(value as double) as value,
        count(*) as people,
        cast(sum(is_positive) as bigint) as positives
    from scored
    where value is not null
    group by score, outcome, population, horizons_back, horizon_days, value
)

select * from counted_by_value
