{{ config(parameters=['svids']) }}

with enriched_profiles as (
    select * from {{ ref('enriched_profiles') }}
),

engagement_scores as (
    select * from {{ ref('engagement_scores') }}
),

gift_probabilities as (
    select * from {{ ref('gift_probability') }}
),

requested as (
    {{ requested_voters() }}
),

-- Each requested id once, known or unknown (F03).
answered as (
    select
        requested.requested_svid,
        enriched_profiles.state,
        enriched_profiles.svid,
        enriched_profiles.person_id,
        coalesce(enriched_profiles.link_status, requested.request_status) as link_status,
        engagement_scores.engagement_score,
        engagement_scores.engagement_tier,
        engagement_scores.recency_component,
        engagement_scores.frequency_component,
        engagement_scores.depth_component,
        engagement_scores.duration_component,
        engagement_scores.recent_score,
        engagement_scores.recent_level,
        engagement_scores.activity_score,
        engagement_scores.interest_score,
        engagement_scores.intent_score,
        engagement_scores.recency_index,
        engagement_scores.active_sessions,
        engagement_scores.sessions_recent,
        engagement_scores.sessions_previous,
        engagement_scores.session_delta,
        coalesce(engagement_scores.is_scored, false) as is_scored,
        gift_probabilities.gift_probability,
        gift_probabilities.gift_probability_basis,
        gift_probabilities.gift_verdict
    from requested
    -- Unknown and ambiguous ids are in no mart.
    left join enriched_profiles
        on requested.voter_number = enriched_profiles.voter_number
    left join engagement_scores
        on requested.voter_number = engagement_scores.voter_number
    left join gift_probabilities
        on requested.voter_number = gift_probabilities.voter_number
)

select * from answered
order by requested_svid
