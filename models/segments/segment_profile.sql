{{ config(parameters=['svids']) }}

with profiles as (
    select * from {{ ref('enriched_profiles') }}
),

requested as (
    {{ requested_voters() }}
),

-- Each requested id once, known or unknown (F03).
answered as (
    select
        requested.requested_svid,
        profiles.state,
        profiles.svid,
        profiles.person_id,
        profiles.county,
        profiles.party,
        profiles.gender,
        profiles.age_band,
        coalesce(profiles.link_status, requested.request_status) as link_status,
        profiles.emails_linked,
        profiles.phones_linked,
        profiles.max_shared_by,
        profiles.campaigns_engaged,
        profiles.total_clicks,
        profiles.total_opens,
        profiles.clients_engaged,
        profiles.donation_count,
        profiles.donation_amount,
        profiles.is_donor,
        profiles.is_clicker,
        profiles.last_engagement_date,
        profiles.last_donation_date
    from requested
    -- Unknown and ambiguous ids have no profile.
    left join profiles
        on requested.voter_number = profiles.voter_number
)

select * from answered
order by requested_svid
