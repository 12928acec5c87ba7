{{ config(parameters=['svids']) }}

with enriched_profiles as (
    select * from {{ ref('enriched_profiles') }}
),

voter_lifecycle as (
    select * from {{ ref('voter_lifecycle') }}
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
        voter_lifecycle.lifecycle_stage,
        voter_lifecycle.activity_pattern,
        voter_lifecycle.giving_behavior,
        voter_lifecycle.donor_stage,
        voter_lifecycle.first_event_at,
        voter_lifecycle.last_event_at,
        voter_lifecycle.churn_state,
        voter_lifecycle.churn_risk_flag,
        voter_lifecycle.churn_probability_score,
        voter_lifecycle.risk_class,
        voter_lifecycle.rule_churn_flag,
        voter_lifecycle.behavior_pattern,
        voter_lifecycle.pattern_evidence,
        voter_lifecycle.is_high_value,
        voter_lifecycle.churn_basis,
        voter_lifecycle.churn_verdict,
        voter_lifecycle.churn_base_rate,
        voter_lifecycle.churn_flag_precision,
        voter_lifecycle.return_probability,
        voter_lifecycle.return_basis,
        voter_lifecycle.return_verdict,
        voter_lifecycle.return_base_rate
    from requested
    -- Unknown and ambiguous ids are in no mart.
    left join enriched_profiles
        on requested.voter_number = enriched_profiles.voter_number
    left join voter_lifecycle
        on requested.voter_number = voter_lifecycle.voter_number
)

select * from answered
order by requested_svid
