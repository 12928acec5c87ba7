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

churn_hazard as (
    select * from {{ ref('churn_hazard') }}
    where fit = 'current'
),

rules as (
    select * from {{ lifecycle_rules() }} as lifecycle_rules
),

placed_now as (
    {{ churn_cells('activity', 'days_since_first', 'days_since_last', 'active_days', 'recent_active_days') }}
),

placed_earlier as (
    {{ churn_cells(
        'activity', 'days_since_first - rules.churn_earlier', 'days_since_last_earlier', 'active_days_earlier',
        'recent_active_days_earlier'
    ) }}
),

-- Both by today's table: a flag changes because the person changed, not because the table did.
scored_now as (
    select
        placed_now.*,
        churn_hazard.churn_exposures,
        churn_hazard.churn_events,
        churn_hazard.churn_probability,
        churn_hazard.churn_basis
    from placed_now
    inner join churn_hazard
        on
            placed_now.pause_band = churn_hazard.pause_band
            and placed_now.frequency_band = churn_hazard.frequency_band
            and placed_now.rhythm_band = churn_hazard.rhythm_band
),

scored_earlier as (
    select
        placed_earlier.voter_number,
        churn_hazard.churn_probability as churn_probability_earlier
    from placed_earlier
    inner join churn_hazard
        on
            placed_earlier.pause_band = churn_hazard.pause_band
            and placed_earlier.frequency_band = churn_hazard.frequency_band
            and placed_earlier.rhythm_band = churn_hazard.rhythm_band
),

assessed as (
    select
        activity.*,
        activity.days_since_last > rules.churn_dormant as is_dormant,
        scored_now.pause_band,
        scored_now.frequency_band,
        scored_now.rhythm_band,
        scored_now.churn_exposures,
        scored_now.churn_events,
        scored_now.churn_probability,
        coalesce(scored_now.churn_basis, 'insufficient_data') as churn_basis,
        scored_earlier.churn_probability_earlier,
        cast(coalesce(activity.window_points, 0) as double) as points,
        cast(coalesce(activity.previous_window_points, 0) as double) as points_before
    from activity
    cross join rules
    -- A dormant person, or one whose cell has no hazard, has no probability.
    left join scored_now
        on activity.voter_number = scored_now.voter_number
    left join scored_earlier
        on activity.voter_number = scored_earlier.voter_number
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
            when compared.days_since_first <= rules.stage_new then 'new'
            when compared.days_since_first <= rules.stage_established then 'established'
            else 'veteran'
        end as lifecycle_stage,
        case
            when compared.days_since_last is null then 'no_activity'
            when compared.days_since_last <= rules.activity_recent then 'recently_active'
            when compared.days_since_last <= rules.activity_moderate then 'moderately_active'
            when compared.days_since_last <= rules.activity_at_risk then 'at_risk'
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
            when compared.is_dormant then 'dormant'
            else 'active'
        end as churn_state,
        compared.pause_band,
        compared.frequency_band,
        compared.rhythm_band,
        compared.churn_exposures,
        compared.churn_events,
        case
            when compared.voter_number is null then 'no_activity'
            when compared.is_dormant then 'dormant'
            else compared.churn_basis
        end as churn_basis,
        compared.churn_probability as churn_probability_score,
        compared.churn_probability_earlier,
        case
            when compared.churn_probability >= rules.risk_high then 'high'
            when compared.churn_probability >= rules.risk_medium then 'medium'
            when compared.churn_probability is not null then 'low'
        end as risk_class,
        case
            when compared.voter_number is null or compared.is_dormant then false
            else {{ churn_flag(
                'compared.churn_probability', 'compared.churn_probability_earlier', 'rules.risk_medium',
                'rules.risk_high'
            ) }}
        end as churn_risk_flag,
        coalesce(compared.points, 0) as activity_points,
        coalesce(compared.points_before, 0) as activity_points_before,
        round(compared.activity_drop, 2) as activity_drop_percent,
        coalesce(compared.days_since_last >= rules.rule_quiet, false)
        and coalesce(compared.activity_drop >= rules.rule_drop, false) as rule_churn_flag,
        coalesce(patterns.behavior_pattern, 'none') as behavior_pattern,
        patterns.pattern_evidence,
        '{{ invocation_id }}' as build_id
    from profiles
    cross join rules
    left join compared
        on profiles.voter_number = compared.voter_number
    left join giving
        on
            profiles.state = giving.state
            and profiles.svid = giving.svid
    left join patterns
        on profiles.voter_number = patterns.voter_number
)

select * from staged
