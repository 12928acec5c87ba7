with address_clients as (
    select * from {{ ref('agg_engagement_by_address_client') }}
),

voter_addresses as (
    select * from {{ ref('lnk_voter_address') }}
),

summed_by_voter as (
    select
        voter_addresses.state,
        voter_addresses.svid,
        address_clients.client_shortname,
        count(*) as unique_contacts,
        cast(sum(address_clients.total_events) as bigint) as total_events,
        cast(sum(address_clients.sends) as bigint) as sends,
        cast(sum(address_clients.opens) as bigint) as opens,
        cast(sum(address_clients.clicks) as bigint) as clicks,
        cast(sum(address_clients.bounces) as bigint) as bounces,
        cast(sum(address_clients.complaints) as bigint) as complaints,
        cast(sum(address_clients.unsubs) as bigint) as unsubs,
        cast(sum(address_clients.engagements) as bigint) as engagements,
        max(case when address_clients.has_opted_out then 1 else 0 end) = 1 as has_opted_out
    from voter_addresses
    inner join address_clients
        on voter_addresses.email_key = address_clients.email_key
    group by voter_addresses.state, voter_addresses.svid, address_clients.client_shortname
)

select * from summed_by_voter
