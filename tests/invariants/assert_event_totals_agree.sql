-- The kept events have one total: summed by address, by week, by client plus the events without a client, by campaign
-- plus the events without a campaign, and in the marts.
with totals as (
    select
        'events' as relation_name,
        count(*) as total_events,
        coalesce(sum(sends), 0) as sends,
        coalesce(sum(opens), 0) as opens,
        coalesce(sum(clicks), 0) as clicks,
        coalesce(sum(unsubs), 0) as unsubs
    from {{ ref('fct_email_events') }}
    union all
    select
        'addresses' as relation_name,
        coalesce(sum(total_events), 0) as total_events,
        coalesce(sum(sends), 0) as sends,
        coalesce(sum(opens), 0) as opens,
        coalesce(sum(clicks), 0) as clicks,
        coalesce(sum(unsubs), 0) as unsubs
    from {{ ref('agg_engagement_by_address') }}
    union all
    select
        'address weeks' as relation_name,
        null as total_events,
        coalesce(sum(sends), 0) as sends,
        coalesce(sum(opens), 0) as opens,
        coalesce(sum(clicks), 0) as clicks,
        coalesce(sum(unsubs), 0) as unsubs
    from {{ ref('agg_engagement_by_address_week') }}
    union all
    select
        'engagement_health_weekly' as relation_name,
        null as total_events,
        coalesce(sum(sends), 0) as sends,
        coalesce(sum(opens), 0) as opens,
        coalesce(sum(clicks), 0) as clicks,
        coalesce(sum(unsubs), 0) as unsubs
    from {{ ref('engagement_health_weekly') }}
    union all
    select
        'client_affinity and events without a client' as relation_name,
        coalesce(sum(total_events), 0) as total_events,
        coalesce(sum(sends), 0) as sends,
        coalesce(sum(opens), 0) as opens,
        coalesce(sum(clicks), 0) as clicks,
        coalesce(sum(unsubs), 0) as unsubs
    from (
        select
            total_events,
            sends,
            opens,
            clicks,
            unsubs
        from {{ ref('client_affinity') }}
        union all
        select
            1 as total_events,
            sends,
            opens,
            clicks,
            unsubs
        from {{ ref('fct_email_events') }}
        where client_shortname is null
    ) as parts
    union all
    select
        'campaign_engagement and events without a campaign' as relation_name,
        coalesce(sum(total_events), 0) as total_events,
        coalesce(sum(sends), 0) as sends,
        coalesce(sum(opens), 0) as opens,
        coalesce(sum(clicks), 0) as clicks,
        coalesce(sum(unsubs), 0) as unsubs
    from (
        select
            total_events,
            sends,
            opens,
            clicks,
            unsubs
        from {{ ref('campaign_engagement') }}
        union all
        select
            1 as total_events,
            sends,
            opens,
            clicks,
            unsubs
        from {{ ref('fct_email_events') }}
        where campaign_id is null
    ) as parts
),

events as (
    select * from totals
    where relation_name = 'events'
)

select totals.*
from totals
cross join events
where
    totals.total_events <> events.total_events
    or totals.sends <> events.sends
    or totals.opens <> events.opens
    or totals.clicks <> events.clicks
    or totals.unsubs <> events.unsubs
