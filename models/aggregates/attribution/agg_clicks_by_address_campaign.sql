with email_events as (
    select * from {{ ref('fct_email_events') }}
),

summed_by_campaign as (
    select
        email_key,
        campaign_id,
        cast(sum(clicks) as bigint) as clicks
    from email_events
    where
        clicks > 0
        and campaign_id is not null
    group by email_key, campaign_id
)

select * from summed_by_campaign
