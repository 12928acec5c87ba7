with person_trials as (
    select * from {{ ref('agg_trials_by_score_value') }}
),

mail_trials as (
    select * from {{ ref('mail_trials') }}
),

clock as (
    select * from {{ ref('key_clock') }}
),

evaluated_scores as (
    select * from {{ ref('evaluated_scores') }}
),

shares as (
    select value as k_share
    from {{ ref('rules') }}
    where subject = 'evaluation_shares'
),

-- Another arm joins here.
trials as (
    {% for relation in ['person_trials', 'mail_trials'] %}
    select
        score,
        outcome,
        population,
        horizons_back,
        value,
        people,
        positives
    from {{ relation }}
    {% if not loop.last %}
    union all
    {% endif %}
    {% endfor %}
),

-- Every score has its rows, even where nobody could be judged.
requested as (
    select
        evaluated_scores.*,
        moments.horizons_back,
        cast(
            case
                when evaluated_scores.outcome in ('quiet', 'return')
                    then {{ rule_value('lifecycle_rules', 'churn_horizon') }}
                else {{ rule_value('score_rules', 'gift_horizon') }}
            end as bigint
        ) as horizon_days,
        shares.k_share
    from evaluated_scores
    cross join (values (cast(1 as bigint)), (cast(2 as bigint))) as moments (horizons_back)
    cross join shares
),

ranked as (
    select
        *,
        sum(people) over whole as all_people,
        sum(positives) over whole as all_positives,
        coalesce(sum(people) over above, 0) as people_above,
        coalesce(sum(people - positives) over above, 0) as negatives_above,
        -- A count or a pause is no probability, and its powers could be too large for a sum.
        case when value between 0 and 1 then value end as share
    from trials
    window
        whole as (partition by score, outcome, population, horizons_back),
        above as (
            partition by score, outcome, population, horizons_back
            order by value desc
            rows between unbounded preceding and 1 preceding
        )
),

-- A positive beats a negative with a lower value, and half beats one with the same value (Mann and Whitney 1947).
summed as (
    select
        score,
        outcome,
        population,
        horizons_back,
        cast(max(all_people) as bigint) as people,
        cast(max(all_positives) as bigint) as positives,
        cast(sum(
            positives * (all_people - all_positives - negatives_above - (people - positives))
            + positives * (people - positives) * 0.5
        ) as double) as wins,
        {{ exact_sum('people * share', 12, 38) }} as predicted,
        {{ exact_sum('positives * (1 - share) * (1 - share) + (people - positives) * share * share', 12, 38) }}
            as squared_errors,
        {{ exact_sum(
            'positives * power(power(1 - all_positives / cast(all_people as double), 2) - power(1 - share, 2), 2)'
            ~ ' + (people - positives) * power(power(all_positives / cast(all_people as double), 2)'
            ~ ' - power(share, 2), 2)',
            12, 38
        ) }} as squared_differences
    from ranked
    group by score, outcome, population, horizons_back
),

cut as (
    select
        requested.*,
        coalesce(summed.people, 0) as people,
        coalesce(summed.positives, 0) as positives,
        summed.wins,
        summed.predicted,
        summed.squared_errors,
        summed.squared_differences,
        case when summed.people > 0 then greatest(1, floor(summed.people * requested.k_share)) end as k
    from requested
    -- Nobody may have been there to judge.
    left join summed
        on
            requested.score = summed.score
            and requested.outcome = summed.outcome
            and requested.population = summed.population
            and requested.horizons_back = summed.horizons_back
),

-- If the cut divides a tie, each person of the tie is in with the same chance.
found as (
    select
        cut.score,
        cut.outcome,
        cut.population,
        cut.horizons_back,
        cut.k_share,
        {{ exact_sum(
            'ranked.positives * greatest(0, least(ranked.people, cut.k - ranked.people_above))'
            ~ ' / cast(ranked.people as double)',
            12, 38
        ) }} as positives_found
    from cut
    inner join ranked
        on
            cut.score = ranked.score
            and cut.outcome = ranked.outcome
            and cut.population = ranked.population
            and cut.horizons_back = ranked.horizons_back
    group by cut.score, cut.outcome, cut.population, cut.horizons_back, cut.k_share
),

measured as (
    select
        cut.*,
        {{ share('cut.positives', 'cut.people') }} as base_rate,
        cut.wins / nullif(cast(cut.positives as double) * (cut.people - cut.positives), 0) as auc,
        found.positives_found / cut.k as precision_at_k,
        {{ sample_size('cut.k') }} as k_trials,
        case
            when cut.positives < cut.k then cut.positives / cut.k
            when cut.k is not null then 1
        end as precision_ceiling,
        case when cut.is_probability then cut.squared_errors / nullif(cut.people, 0) end as brier
    from cut
    -- Nobody may have been there to judge.
    left join found
        on
            cut.score = found.score
            and cut.outcome = found.outcome
            and cut.population = found.population
            and cut.horizons_back = found.horizons_back
            and cut.k_share = found.k_share
),

-- Hanley and McNeil (1982) for the area; the mean and the deviation of the gain per person for the skill.
spread as (
    select
        *,
        base_rate * (1 - base_rate) as brier_base,
        auc / (2 - auc) as both_positives,
        2 * auc * auc / (1 + auc) as both_negatives,
        {{ wilson_bound('precision_at_k', 'k_trials', '-') }} as precision_low,
        {{ wilson_bound('precision_at_k', 'k_trials', '+') }} as precision_high
    from measured
),

bounded as (
    select
        *,
        1.96e0 * sqrt(abs(
            auc * (1 - auc)
            + (positives - 1) * (both_positives - auc * auc)
            + (people - positives - 1) * (both_negatives - auc * auc)
        ) / nullif(cast(positives as double) * (people - positives), 0)) as auc_margin,
        1 - brier / nullif(brier_base, 0) as skill,
        1.96e0 * sqrt(greatest(
            0, squared_differences / people - (brier_base - brier) * (brier_base - brier)
        ) / people) / nullif(brier_base, 0) as skill_margin
    from spread
),

compared as (
    select
        *,
        max(case when score in ('recency_only', 'count_only') then auc end) over (
            partition by outcome, population, horizons_back
        ) as baseline_auc
    from bounded
),

graded as (
    select
        compared.score,
        compared.outcome,
        {{ add_days('clock.as_of_date', '(-compared.horizon_days * compared.horizons_back)') }} as as_of_date,
        compared.horizon_days,
        compared.population,
        compared.k_share,
        compared.people,
        compared.positives,
        round(compared.base_rate, 6) as base_rate,
        round(compared.auc, 4) as auc,
        case when compared.auc is not null then round(greatest(0, compared.auc - compared.auc_margin), 4) end
            as auc_low,
        case when compared.auc is not null then round(least(1, compared.auc + compared.auc_margin), 4) end
            as auc_high,
        round(compared.precision_at_k, 6) as precision_at_k,
        round(compared.precision_low, 6) as precision_low,
        round(compared.precision_high, 6) as precision_high,
        round(compared.precision_ceiling, 6) as precision_ceiling,
        round(compared.precision_at_k / nullif(compared.base_rate, 0), 4) as lift,
        round(compared.brier, 6) as brier,
        case when compared.is_probability then round(compared.brier_base, 6) end as brier_base,
        round(compared.skill, 4) as skill,
        round(compared.skill - compared.skill_margin, 4) as skill_low,
        case when compared.is_probability then round(compared.predicted / nullif(compared.positives, 0), 4) end
            as predicted_observed_ratio,
        case
            when compared.positives < {{ rule_value('score_rules', 'least_positives') }} then 'insufficient_data'
            when compared.auc is null then 'insufficient_data'
            when compared.auc - compared.auc_margin > compared.baseline_auc then 'better'
            when
                compared.skill - compared.skill_margin > 0
                and compared.auc >= compared.baseline_auc - {{ rule_value('score_rules', 'near_auc') }}
                then 'better'
            else 'no_better'
        end as verdict,
        '{{ invocation_id }}' as build_id
    from compared
    cross join clock
)

select * from graded
