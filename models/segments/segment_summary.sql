{{ config(parameters=['svids']) }}

with profiles as (
    select * from {{ ref('enriched_profiles') }}
),

address_engagement as (
    select * from {{ ref('agg_engagement_by_address') }}
),

donation_voters as (
    select * from {{ ref('agg_donations_by_donation_voter') }}
),

requested as (
    {{ requested_voters() }}
),

voters as (
    select distinct
        state,
        svid
    from requested
    where request_status = 'known'
),

addresses as (
    {{ segment_addresses('voters') }}
),

counted_requests as (
    select
        count(*) as requested,
        count(case when requested.request_status = 'known' then 1 end) as known,
        count(case when profiles.emails_linked + profiles.phones_linked > 0 then 1 end) as linked,
        count(case when profiles.link_status = 'with_behavior' then 1 end) as with_behavior
    from requested
    -- Unknown and ambiguous ids have no profile.
    left join profiles
        on
            requested.state = profiles.state
            and requested.svid = profiles.svid
),

counted_voters as (
    select
        count(case when profiles.is_donor then 1 end) as donors,
        count(case when profiles.is_clicker then 1 end) as clickers
    from voters
    inner join profiles
        on
            voters.state = profiles.state
            and voters.svid = profiles.svid
),

-- Events and gifts of the segment, each once, however many of its voters share them (F05).
summed_events as (
    select
        cast(coalesce(sum(address_engagement.clicks), 0) as bigint) as total_clicks,
        cast(coalesce(sum(address_engagement.opens), 0) as bigint) as total_opens
    from addresses
    inner join address_engagement
        on addresses.email_key = address_engagement.email_key
),

counted_gifts as (
    select count(distinct donation_voters.donation_id) as donation_count
    from voters
    inner join donation_voters
        on
            voters.state = donation_voters.state
            and voters.svid = donation_voters.svid
    where donation_voters.is_gift
),

summarized as (
    select
        counted_requests.requested,
        counted_requests.known,
        counted_requests.linked,
        counted_requests.with_behavior,
        round({{ percent('counted_requests.with_behavior', 'counted_requests.requested') }}, 2) as coverage_rate,
        counted_voters.donors,
        counted_voters.clickers,
        counted_gifts.donation_count,
        summed_events.total_clicks,
        summed_events.total_opens
    from counted_requests
    cross join counted_voters
    cross join counted_gifts
    cross join summed_events
)

select * from summarized
