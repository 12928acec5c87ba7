with address_clients as (
    select * from {{ ref('agg_engagement_by_address_client') }}
),

address_numbers as (
    select * from {{ ref('key_addresses') }}
),

numbered as (
    select
        address_numbers.address_number,
        address_clients.client_shortname,
        address_clients.total_events,
        address_clients.sends,
        address_clients.opens,
        address_clients.clicks,
        address_clients.unsubs,
        address_clients.engagements
    from address_clients
    inner join address_numbers
        on address_clients.email_key = address_numbers.email_key
)

select * from numbered
