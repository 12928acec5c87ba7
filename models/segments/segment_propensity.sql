{{ config(parameters=['svids', 'threshold := 0.0']) }}

with propensity as (
    select * from {{ ref('donor_propensity') }}
),

gift_probabilities as (
    select * from {{ ref('gift_probability') }}
),

profiles as (
    select * from {{ ref('enriched_profiles') }}
),

permissions as (
    select * from {{ ref('contact_permissions') }}
),

requested as (
    {{ requested_voters() }}
),

answered as (
    select
        requested.requested_svid,
        propensity.state,
        propensity.svid,
        propensity.person_id,
        propensity.county,
        coalesce(profiles.link_status, requested.request_status) as link_status,
        propensity.total_clicks,
        propensity.total_opens,
        propensity.campaigns_count,
        propensity.clients_count,
        propensity.days_since_last_click,
        propensity.past_donations,
        propensity.days_since_last_donation,
        propensity.donor_propensity_score,
        propensity.score_base,
        propensity.score_clicks,
        propensity.score_campaigns,
        propensity.score_recency,
        coalesce(propensity.is_scored, false) as is_scored,
        propensity.gifts_not_used,
        permissions.solicitation_blocked_by,
        gift_probabilities.gift_probability,
        gift_probabilities.gift_probability_basis,
        gift_probabilities.gift_verdict,
        gift_probabilities.base_rate,
        gift_probabilities.gift_rank,
        gift_probabilities.expected_value
    from requested
    -- Unknown and ambiguous ids have no score.
    left join propensity
        on requested.voter_number = propensity.voter_number
    left join gift_probabilities
        on requested.voter_number = gift_probabilities.voter_number
    left join profiles
        on requested.voter_number = profiles.voter_number
    left join permissions
        on requested.voter_number = permissions.voter_number
)

select * from answered
where
    donor_propensity_score >= {{ score_threshold() }}
    or (donor_propensity_score is null and {{ score_threshold() }} <= 0)
order by donor_propensity_score desc nulls last, requested_svid asc
