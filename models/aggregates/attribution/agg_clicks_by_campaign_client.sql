with email_events as (
    select * from {{ ref('stg_outreach__email_events') }}
),

campaigns as (
    select * from {{ ref('stg_outreach__campaigns') }}
),

-- Only a campaign that the campaigns table does not know needs its clicks to name a client (F48).
clicked as (
    select
        campaign_id,
        client_shortname,
        email_key,
        event_at,
        event_id,
        sends,
        opens,
        clicks,
        bounces,
        complaints,
        unsubs
    from email_events
    where
        clicks > 0
        and not is_bot
        and client_shortname is not null
        and campaign_id is not null
        and not exists (
            select 1
            from campaigns
            where campaigns.campaign_id = email_events.campaign_id
        )
),

-- Each click once, whoever clicked (F16).
numbered as (
    select
        campaign_id,
        client_shortname,
        clicks,
        row_number() over (
            partition by
                event_id,
                case when event_id is null then email_key end,
                case when event_id is null then campaign_id end,
                case when event_id is null then client_shortname end,
                case when event_id is null then event_at end,
                case when event_id is null then sends end,
                case when event_id is null then opens end,
                case when event_id is null then clicks end,
                case when event_id is null then bounces end,
                case when event_id is null then complaints end,
                case when event_id is null then unsubs end
            order by
                event_at,
                email_key,
                campaign_id,
                client_shortname,
                sends,
                opens,
                clicks,
                bounces,
                complaints,
                unsubs
        ) as row_in_event
    from clicked
),

summed_by_client as (
    select
        campaign_id,
        client_shortname,
        cast(sum(clicks) as bigint) as clicks
    from numbered
    where row_in_event = 1
    group by campaign_id, client_shortname
)

select * from summed_by_client
