{{ config(parameters=['svids', 'top_n := null']) }}

with address_clients as (
    select * from {{ ref('agg_engagement_by_address_client') }}
),

voters as (
    {{ segment_voters() }}
),

addresses as (
    {{ segment_addresses('voters') }}
),

segment_clients as (
    select address_clients.*
    from address_clients
    inner join addresses
        on address_clients.address_number = addresses.address_number
),

rated as (
    {{ rated_clients('segment_clients') }}
),

ranked as (
    {{ ranked_clients('rated') }}
)

select * from ranked
where affinity_rank <= coalesce({{ top_n() }}, affinity_rank)
order by affinity_rank
