-- All voters at once: ids and people agree with the mart, and events and gifts count once, as in the tables
-- that hold each of them once.
with summary as (
    select *
    from {{ ref('segment_summary') }}((
        select list({{ voter_text('voters.state', 'voters.svid') }}) from {{ ref('lnk_voter') }} as voters
    ))
),

counted_profiles as (
    select
        count(*) as voters,
        count(case when emails_linked + phones_linked > 0 then 1 end) as linked,
        count(case when link_status = 'with_behavior' then 1 end) as with_behavior,
        count(case when is_donor then 1 end) as donors,
        count(case when is_clicker then 1 end) as clickers
    from {{ ref('enriched_profiles') }}
),

summed_events as (
    select
        coalesce(sum(clicks), 0) as total_clicks,
        coalesce(sum(opens), 0) as total_opens
    from {{ ref('agg_engagement_by_address') }}
),

counted_gifts as (
    select count(*) as donation_count
    from {{ ref('fct_donations') }}
    where
        is_gift
        and link_method is not null
)

select
    summary.*,
    counted_profiles.*,
    summed_events.*,
    counted_gifts.*
from summary
cross join counted_profiles
cross join summed_events
cross join counted_gifts
where
    summary.requested <> counted_profiles.voters
    or summary.known <> counted_profiles.voters
    or summary.linked <> counted_profiles.linked
    or summary.with_behavior <> counted_profiles.with_behavior
    or summary.donors <> counted_profiles.donors
    or summary.clickers <> counted_profiles.clickers
    or summary.total_clicks <> summed_events.total_clicks
    or summary.total_opens <> summed_events.total_opens
    or summary.donation_count <> counted_gifts.donation_count
