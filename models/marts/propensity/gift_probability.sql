with profiles as (
    select * from {{ ref('enriched_profiles') }}
),

usable_gifts as (
    select * from {{ ref('agg_usable_gifts_by_voter') }}
),

forecasts as (
    select * from {{ ref('agg_forecasts_by_voter_moment') }}
    where
        family = 'giving'
        and horizons_back = 0
),

evaluation as (
    select * from {{ ref('score_evaluation') }}
    where score = 'gift_probability'
),

-- The last day whose outcomes are known.
last_day as (
    select max(as_of_date) as as_of_date
    from evaluation
),

-- All shares of a population have one skill.
proven as (
    select
        evaluation.population,
        max(evaluation.base_rate) as base_rate,
        max(evaluation.verdict) as verdict,
        max(evaluation.positives) >= {{ rule_value('score_rules', 'least_positives') }}
        and max(evaluation.skill_low) > 0 as is_proven
    from evaluation
    inner join last_day
        on evaluation.as_of_date = last_day.as_of_date
    group by evaluation.population
),

mean_gift as (
    select cast(sum(gift_amount) as double) / nullif(cast(sum(gifts) as double), 0) as amount
    from forecasts
),

valued as (
    select
        forecasts.*,
        proven.base_rate,
        proven.verdict,
        case
            when
                proven.is_proven
                and forecasts.fitted_positives >= {{ rule_value('score_rules', 'least_positives') }}
                then forecasts.probability
        end as proven_probability,
        -- A giver's gifts in a horizon, times horizons in a year.
        cast(forecasts.fitted_gifts as double) / nullif(forecasts.fitted_positives, 0)
        * 365 / forecasts.horizon_days as gifts_a_year,
        (forecasts.gift_amount + {{ rule_value('score_rules', 'mean_gift_gifts') }} * mean_gift.amount)
        / (forecasts.gifts + {{ rule_value('score_rules', 'mean_gift_gifts') }}) as own_mean_gift
    from forecasts
    inner join proven
        on forecasts.population = proven.population
    cross join mean_gift
),

-- A person without an own probability is ranked by the rate of their population, then by the fixed rate.
ranked as (
    select
        profiles.state,
        profiles.svid,
        profiles.person_id,
        profiles.county,
        round(valued.proven_probability, 6) as gift_probability,
        case
            when valued.proven_probability is null then 'insufficient_data'
            when valued.population = 'past_donors' then 'repeat'
            else 'first'
        end as gift_probability_basis,
        valued.base_rate,
        coalesce(valued.verdict, 'insufficient_data') as gift_verdict,
        row_number() over (
            order by
                coalesce(valued.proven_probability, valued.base_rate, 0) desc,
                valued.fixed_rate desc nulls last,
                profiles.voter_number asc
        ) as gift_rank,
        round(valued.proven_probability * valued.gifts_a_year * valued.own_mean_gift, 2) as expected_value,
        case when valued.proven_probability is not null then valued.logit_base end as logit_base,
        case when valued.proven_probability is not null then valued.logit_gifts end as logit_gifts,
        case when valued.proven_probability is not null then valued.logit_days_since_last_gift end
            as logit_days_since_last_gift,
        case when valued.proven_probability is not null then valued.logit_days_since_first_gift end
            as logit_days_since_first_gift,
        case when valued.proven_probability is not null then valued.logit_gift_amount end as logit_gift_amount,
        case when valued.proven_probability is not null then valued.logit_active_days_180 end
            as logit_active_days_180,
        case when valued.proven_probability is not null then valued.logit_clicks end as logit_clicks,
        case when valued.proven_probability is not null then valued.logit_clients end as logit_clients,
        case when valued.proven_probability is not null then valued.logit_channels end as logit_channels,
        case when valued.proven_probability is not null then valued.logit_days_since_last_act end
            as logit_days_since_last_act,
        coalesce(usable_gifts.gifts_not_used, 0) as gifts_not_used,
        profiles.voter_number,
        '{{ invocation_id }}' as build_id
    from profiles
    -- Nothing may be known about a voter.
    left join valued
        on profiles.voter_number = valued.voter_number
    -- Few voters have given.
    left join usable_gifts
        on
            profiles.state = usable_gifts.state
            and profiles.svid = usable_gifts.svid
)

select * from ranked
