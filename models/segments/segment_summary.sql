{{ config(parameters=['svids']) }}

with profiles as {{ inlined() }} (
    select * from {{ ref('enriched_profiles') }}
),

gift_voters as (
    select * from {{ ref('agg_numbers_by_gift_voter') }}
),

requested as (
    {{ requested_voters() }}
),

voters as (
    select distinct voter_number
    from requested
    where voter_number is not null
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
        on requested.voter_number = profiles.voter_number
),

counted_voters as (
    select
        count(case when profiles.is_donor then 1 end) as donors,
        count(case when profiles.is_clicker then 1 end) as clickers
    from voters
    inner join profiles
        on voters.voter_number = profiles.voter_number
),

-- Events and gifts of the segment, each once, however many of its voters share them (F05).
summed_events as (
    select
        cast(coalesce(sum(clicks), 0) as bigint) as total_clicks,
        cast(coalesce(sum(opens), 0) as bigint) as total_opens
    from addresses
),

counted_gifts as (
    select count(distinct gift_voters.gift_number) as donation_count
    from voters
    inner join gift_voters
        on voters.voter_number = gift_voters.voter_number
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
