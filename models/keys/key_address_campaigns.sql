with address_campaigns as (
    select * from {{ ref('agg_clicks_by_address_campaign') }}
),

address_numbers as (
    select * from {{ ref('key_addresses') }}
),

numbered as (
    select
        address_numbers.address_number,
        address_campaigns.campaign_id,
        address_numbers.first_voter_number
    from address_campaigns
    inner join address_numbers
        on address_campaigns.email_key = address_numbers.email_key
)

select * from numbered
