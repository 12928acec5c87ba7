with email_events as (
    select * from {{ ref('fct_email_events') }}
),

voter_addresses as (
    select * from {{ ref('lnk_voter_address') }}
),

-- An address with several voters counts in full for each of them (F05).
summed_by_voter as (
    select
        voter_addresses.state,
        voter_addresses.svid,
        count(*) as total_events,
        cast(sum(email_events.sends) as bigint) as sends,
        cast(sum(email_events.opens) as bigint) as opens,
        cast(sum(email_events.clicks) as bigint) as clicks,
        cast(sum(email_events.bounces) as bigint) as bounces,
        cast(sum(email_events.complaints) as bigint) as complaints,
        cast(sum(email_events.unsubs) as bigint) as unsubs,
        cast(sum(case when email_events.is_engagement then 1 else 0 end) as bigint) as engagements,
        count(distinct case when email_events.is_engagement then email_events.campaign_id end) as campaigns_engaged,
        count(distinct case when email_events.is_engagement then email_events.client_shortname end) as clients_engaged,
        cast(min(case when email_events.is_engagement then email_events.event_at end) as date) as first_engagement_date,
        cast(max(case when email_events.is_engagement then email_events.event_at end) as date) as last_engagement_date,
        cast(max(case when email_events.clicks > 0 then email_events.event_at end) as date) as last_click_date,
        max(case when email_events.is_opt_out then 1 else 0 end) = 1 as has_opted_out
    from voter_addresses
    inner join email_events
        on voter_addresses.email_key = email_events.email_key
    group by voter_addresses.state, voter_addresses.svid
)

select * from summed_by_voter
