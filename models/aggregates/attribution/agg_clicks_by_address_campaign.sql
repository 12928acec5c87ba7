with email_events as (
    select * from {{ ref('fct_email_events') }}
),

address_numbers as (
    select * from {{ ref('key_addresses') }}
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
),

numbered as (
    select
        address_numbers.address_number,
        address_numbers.first_voter_number,
        summed_by_campaign.campaign_id,
        summed_by_campaign.clicks
    from summed_by_campaign
    inner join address_numbers
        on summed_by_campaign.email_key = address_numbers.email_key
)

select * from numbered
