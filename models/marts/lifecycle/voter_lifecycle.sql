with profiles as (
    select * from {{ ref('enriched_profiles') }}
),

activity as (
    select * from {{ ref('agg_activity_by_voter') }}
),

giving as (
    select * from {{ ref('agg_kept_gifts_by_voter') }}
),

patterns as (
    select * from {{ ref('agg_patterns_by_voter') }}
),

forecasts as (
    select * from {{ ref('agg_forecasts_by_voter_moment') }}
    where
        family = 'activity'
        and horizons_back = 0
),

evaluation as (
    select * from {{ ref('score_evaluation') }}
    where score in ('churn_probability_score', 'return_probability')
),

bounds as (
    select * from {{ lifecycle_rules() }} as lifecycle_rules
),

-- The last day whose outcomes are known.
last_day as (
    select max(as_of_date) as as_of_date
    from evaluation
),

-- All shares of a population have one skill; the precision is that of the flag.
proven as (
    select
        evaluation.population,
        max(evaluation.base_rate) as base_rate,
        max(evaluation.verdict) as verdict,
        max(evaluation.positives) >= {{ rule_value('score_rules', 'least_positives') }}
        and max(evaluation.skill_low) > 0 as is_proven,
        max(case when evaluation.k_share = bounds.churn_flag_share then evaluation.precision_at_k end)
            as flag_precision,
        max(case when evaluation.k_share = bounds.churn_flag_share then evaluation.precision_low end)
            as flag_precision_low,
        max(case when evaluation.k_share = bounds.churn_flag_share then evaluation.precision_high end)
            as flag_precision_high
    from evaluation
    cross join bounds
    inner join last_day
        on evaluation.as_of_date = last_day.as_of_date
    group by evaluation.population
),

explained as (
    select
        forecasts.*,
        proven.base_rate,
        proven.verdict,
        proven.flag_precision,
        proven.flag_precision_low,
        proven.flag_precision_high,
        case
            when
                proven.is_proven
                and forecasts.fitted_positives >= {{ rule_value('score_rules', 'least_positives') }}
                then forecasts.probability
        end as proven_probability
    from forecasts
    -- The day that judges may be before anybody was known.
    left join proven
        on forecasts.population = proven.population
),

-- The riskiest come first; people of one probability by their pause.
ranked as (
    select
        explained.*,
        case when explained.proven_probability is not null then row_number() over (
            partition by explained.population
            order by
                explained.proven_probability desc nulls last,
                explained.days_since_last_act desc,
                explained.voter_number asc
        ) end as risk_rank,
        greatest(1, floor(count(*) over (partition by explained.population) * bounds.churn_flag_share))
            as flagged_people
    from explained
    cross join bounds
),

assessed as (
    select
        *,
        cast(coalesce(window_points, 0) as double) as points,
        cast(coalesce(previous_window_points, 0) as double) as points_before
    from activity
),

-- Without points before there is no drop: NULL.
compared as (
    select
        *,
        {{ percent('points_before - points', 'points_before') }} as activity_drop
    from assessed
),

-- Every voter once, whether they did anything or not.
staged as (
    select
        profiles.state,
        profiles.svid,
        profiles.voter_number,
        compared.first_event_at,
        compared.last_event_at,
        coalesce(compared.human_events, 0) as human_events,
        coalesce(compared.active_days, 0) as active_days,
        compared.days_since_first as days_since_first_event,
        compared.days_since_last as days_since_last_event,
        case
            when compared.days_since_first is null then 'no_activity'
            when compared.days_since_first <= bounds.stage_new then 'new'
            when compared.days_since_first <= bounds.stage_established then 'established'
            else 'veteran'
        end as lifecycle_stage,
        case
            when compared.days_since_last is null then 'no_activity'
            when compared.days_since_last <= bounds.activity_recent then 'recently_active'
            when compared.days_since_last <= bounds.activity_moderate then 'moderately_active'
            when compared.days_since_last <= bounds.activity_at_risk then 'at_risk'
            else 'churned'
        end as activity_pattern,
        coalesce(giving.gifts_kept, 0) as gifts_kept,
        giving.donation_amount,
        giving.days_since_last_gift,
        coalesce(giving.giving_behavior, 'non_donor') as giving_behavior,
        coalesce(giving.donor_stage, 'never') as donor_stage,
        giving.high_value_reason is not null as is_high_value,
        giving.high_value_reason,
        case
            when compared.voter_number is null then 'no_activity'
            when compared.days_since_last < bounds.churn_horizon then 'active'
            else 'dormant'
        end as churn_state,
        case
            when compared.voter_number is null then 'no_activity'
            when compared.days_since_last >= bounds.churn_horizon then 'dormant'
            when ranked.proven_probability is not null then 'regression'
            else 'insufficient_data'
        end as churn_basis,
        case when ranked.population = 'active' then ranked.proven_probability end as churn_probability_score,
        case when ranked.population = 'active' then ranked.base_rate end as churn_base_rate,
        case when ranked.population = 'active' then coalesce(ranked.verdict, 'insufficient_data') end as churn_verdict,
        case
            when ranked.population <> 'active' then null
            when ranked.proven_probability >= bounds.risk_high then 'high'
            when ranked.proven_probability >= bounds.risk_medium then 'medium'
            when ranked.proven_probability is not null then 'low'
        end as risk_class,
        case
            when compared.days_since_last < bounds.churn_horizon then ranked.risk_rank <= ranked.flagged_people
            else false
        end as churn_risk_flag,
        case when ranked.population = 'active' then ranked.flag_precision end as churn_flag_precision,
        case when ranked.population = 'active' then ranked.flag_precision_low end as churn_flag_precision_low,
        case when ranked.population = 'active' then ranked.flag_precision_high end as churn_flag_precision_high,
        case
            when ranked.population is null then 'no_data'
            when ranked.population = 'active' then 'active'
            when ranked.proven_probability is not null then 'regression'
            else 'insufficient_data'
        end as return_basis,
        case when ranked.population = 'dormant' then ranked.proven_probability end as return_probability,
        case when ranked.population = 'dormant' then ranked.base_rate end as return_base_rate,
        case when ranked.population = 'dormant' then coalesce(ranked.verdict, 'insufficient_data') end
            as return_verdict,
        case when ranked.proven_probability is not null then ranked.logit_base end as logit_base,
        case when ranked.proven_probability is not null then ranked.logit_days_since_last_act end
            as logit_days_since_last_act,
        case when ranked.proven_probability is not null then ranked.logit_active_days_60 end as logit_active_days_60,
        case when ranked.proven_probability is not null then ranked.logit_active_days_180 end as logit_active_days_180,
        case when ranked.proven_probability is not null then ranked.logit_active_days end as logit_active_days,
        case when ranked.proven_probability is not null then ranked.logit_tenure_days end as logit_tenure_days,
        case when ranked.proven_probability is not null then ranked.logit_pause_ratio end as logit_pause_ratio,
        case when ranked.proven_probability is not null then ranked.logit_overdue end as logit_overdue,
        case when ranked.proven_probability is not null then ranked.logit_clicks end as logit_clicks,
        case when ranked.proven_probability is not null then ranked.logit_other_acts end as logit_other_acts,
        coalesce(compared.points, 0) as activity_points,
        coalesce(compared.points_before, 0) as activity_points_before,
        round(compared.activity_drop, 2) as activity_drop_percent,
        coalesce(compared.days_since_last >= bounds.rule_quiet, false)
        and coalesce(compared.activity_drop >= bounds.rule_drop, false) as rule_churn_flag,
        coalesce(patterns.behavior_pattern, 'none') as behavior_pattern,
        patterns.pattern_evidence,
        '{{ invocation_id }}' as build_id
    from profiles
    cross join bounds
    left join compared
        on profiles.voter_number = compared.voter_number
    -- Nothing may be known about a voter.
    left join ranked
        on profiles.voter_number = ranked.voter_number
    left join giving
        on
            profiles.state = giving.state
            and profiles.svid = giving.svid
    left join patterns
        on profiles.voter_number = patterns.voter_number
)

select * from staged
