{{ config(materialized='view') }}

with profiles as (
    select * from {{ ref('enriched_profiles') }}
),

engagement as (
    select * from {{ ref('engagement_scores') }}
),

lifecycle as (
    select * from {{ ref('voter_lifecycle') }}
),

donor_propensity as (
    select * from {{ ref('donor_propensity') }}
),

gift_probability as (
    select * from {{ ref('gift_probability') }}
),

predictive_members as (
    select * from {{ ref('predictive_segment_members') }}
),

send_times as (
    select * from {{ ref('send_times') }}
),

permissions as (
    select * from {{ ref('contact_permissions') }}
),

members as (
    select * from {{ ref('segment_members') }}
),

listed_segments as (
    select
        state,
        svid,
        count(*) as segment_count,
        {{ listed_text('segment') }} as segments
    from members
    group by state, svid
),

-- Each of these tables has one row a voter.
joined as (
    select
        profiles.state,
        profiles.svid,
        profiles.person_id,
        profiles.county,
        profiles.link_status,
        profiles.is_donor,
        profiles.is_clicker,
        profiles.donation_count,
        profiles.total_clicks,
        profiles.last_engagement_date,
        profiles.last_donation_date,
        engagement.engagement_score,
        engagement.engagement_tier,
        engagement.recent_score,
        engagement.recent_level,
        engagement.activity_score,
        engagement.interest_score,
        engagement.intent_score,
        engagement.conversion_rank,
        engagement.multi_channel_score,
        donor_propensity.donor_propensity_score,
        gift_probability.gift_probability,
        gift_probability.gift_verdict,
        gift_probability.gift_rank,
        gift_probability.expected_value,
        lifecycle.lifecycle_stage,
        lifecycle.activity_pattern,
        lifecycle.giving_behavior,
        lifecycle.donor_stage,
        lifecycle.is_high_value,
        lifecycle.churn_state,
        lifecycle.churn_probability_score,
        lifecycle.churn_verdict,
        lifecycle.return_probability,
        lifecycle.return_verdict,
        lifecycle.risk_class,
        lifecycle.churn_risk_flag,
        lifecycle.behavior_pattern,
        predictive_members.predictive_segment,
        send_times.optimal_send_hour,
        send_times.optimal_send_day,
        permissions.may_email,
        permissions.may_phone,
        permissions.may_solicit,
        coalesce(listed_segments.segment_count, 0) as segment_count,
        listed_segments.segments,
        profiles.voter_number,
        '{{ invocation_id }}' as build_id
    from profiles
    left join engagement
        on profiles.voter_number = engagement.voter_number
    left join lifecycle
        on profiles.voter_number = lifecycle.voter_number
    left join donor_propensity
        on profiles.voter_number = donor_propensity.voter_number
    left join gift_probability
        on profiles.voter_number = gift_probability.voter_number
    left join predictive_members
        on profiles.voter_number = predictive_members.voter_number
    left join send_times
        on profiles.voter_number = send_times.voter_number
    left join permissions
        on profiles.voter_number = permissions.voter_number
    -- Most voters are in no segment.
    left join listed_segments
        on
            profiles.state = listed_segments.state
            and profiles.svid = listed_segments.svid
)

select * from joined
