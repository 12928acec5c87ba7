{{ config(parameters=['svids']) }}

with profiles as (
    select * from {{ ref('enriched_profiles') }}
),

gift_voters as (
    select * from {{ ref('key_gift_voters') }}
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

profiled as (
    select
        requested.request_status,
        profiles.*
    from requested
    -- Unknown and ambiguous ids have no profile.
    left join profiles
        on requested.voter_number = profiles.voter_number
),

-- Requested ids are counted as written, voters once.
counted as (
    select
        count(*) as requested,
        count(case when request_status = 'known' then 1 end) as known,
        count(case when emails_linked + phones_linked > 0 then 1 end) as linked,
        count(case when link_status = 'with_behavior' then 1 end) as with_behavior,
        count(distinct case when is_donor then voter_number end) as donors,
        count(distinct case when is_clicker then voter_number end) as clickers
    from profiled
),

-- Events and gifts of the segment, each once even if several of its voters share it (F05).
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
        counted.requested,
        counted.known,
        counted.linked,
        counted.with_behavior,
        round({{ percent('counted.with_behavior', 'counted.requested') }}, 2) as coverage_rate,
        counted.donors,
        counted.clickers,
        counted_gifts.donation_count,
        summed_events.total_clicks,
        summed_events.total_opens
    from counted
    cross join counted_gifts
    cross join summed_events
)

select * from summarized
