with profiles as (
    select * from {{ ref('enriched_profiles') }}
),

featured as (
    select
        *,
        campaigns_engaged as campaigns_count,
        clients_engaged as clients_count,
        {{ days_between('last_click_date', as_of_date()) }} as days_since_last_click,
        donation_count as past_donations,
        {{ days_between('last_donation_date', as_of_date()) }} as days_since_last_donation
    from profiles
),

-- The brief's rule (000-25), a column for each component.
weighted as (
    select
        *,
        {{ propensity_base('past_donations') }} as score_base,
        {{ capped_component('clicks', 'total_clicks') }} as score_clicks,
        {{ capped_component('campaigns', 'campaigns_count') }} as score_campaigns,
        {{ capped_component('recency', 'days_since_last_click') }} as score_recency
    from featured
),

scored as (
    select
        state,
        svid,
        person_id,
        county,
        total_clicks,
        total_opens,
        campaigns_count,
        clients_count,
        days_since_last_click,
        past_donations,
        days_since_last_donation,
        {{ propensity_score('score_base', 'score_clicks', 'score_campaigns', 'score_recency') }}
            as donor_propensity_score,
        score_base,
        score_clicks,
        score_campaigns,
        score_recency,
        link_status = 'with_behavior' as is_scored,
        voter_number,
        '{{ invocation_id }}' as build_id
    from weighted
)

select * from scored
