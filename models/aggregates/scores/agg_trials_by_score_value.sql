with forecasts as (
    select * from {{ ref('agg_forecasts_by_voter_moment') }}
    where horizons_back > 0
),

evaluated_scores as (
    select * from {{ ref('evaluated_scores') }}
),

-- Likeness to half of the donors, of everybody else; its fit is a query of its own.
similarity_trials as (
    select * from {{ ref('agg_similarity_trials_by_value') }}
),

-- Everybody is judged on any gift, besides the populations on their outcomes.
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
    where family = 'giving'
),

-- A higher value expects the outcome sooner. For going quiet that is a long pause and few active days.
scored as (
    select
        evaluated_scores.score,
        populations.judged_population as population,
        populations.judged_outcome as outcome,
        populations.horizons_back,
        populations.horizon_days,
        populations.is_positive,
        case
            when evaluated_scores.score in ('gift_probability', 'churn_probability_score', 'return_probability')
                then populations.probability
            when evaluated_scores.score = 'donor_propensity_score' then populations.donor_propensity_score
            when evaluated_scores.score = 'brief_rule' and populations.family = 'giving'
                then populations.donor_propensity_score
            when evaluated_scores.score = 'brief_rule' then populations.churn_rule
            when evaluated_scores.score = 'count_only'
                then case populations.judged_population
                    when 'active' then -populations.active_days
                    when 'dormant' then populations.active_days
                    when 'never_donors' then populations.clicks
                    else populations.gifts
                end
            when evaluated_scores.score = 'recency_only'
                then case populations.judged_population
                    when 'active' then populations.days_since_last_act
                    when 'dormant'
                        then -coalesce(
                            populations.days_since_last_act, {{ rule_value('score_rules', 'longest_pause') }}
                        )
                    when 'never_donors'
                        then -coalesce(
                            populations.days_since_last_act, {{ rule_value('score_rules', 'longest_pause') }}
                        )
                    else
                        -coalesce(populations.days_since_last_gift, {{ rule_value('score_rules', 'longest_pause') }})
                end
            when evaluated_scores.score = 'random' then 0
        end as value
    from populations
    inner join evaluated_scores
        on
            populations.judged_population = evaluated_scores.population
            and populations.judged_outcome = evaluated_scores.outcome
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
),

united as (
    select * from counted_by_value
    union all
    select * from similarity_trials
)

select * from united
