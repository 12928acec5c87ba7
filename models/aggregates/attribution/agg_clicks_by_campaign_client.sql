with clicks as (
    select * from {{ ref('fct_clicks') }}
),

campaigns as (
    select * from {{ ref('stg_outreach__campaigns') }}
),

-- Only a campaign that is missing from the campaigns table needs the client on its clicks (F48).
summed_by_client as (
    select
        clicks.campaign_id,
        clicks.client_shortname,
        cast(sum(clicks.clicks) as bigint) as clicks
    from clicks
    where
        clicks.client_shortname is not null
        and not exists (
            select 1
            from campaigns
            where campaigns.campaign_id = clicks.campaign_id
        )
    group by clicks.campaign_id, clicks.client_shortname
)

select * from summed_by_client
