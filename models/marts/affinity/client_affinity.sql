with address_clients as (
    select * from {{ ref('agg_engagement_by_address_client') }}
),

rated as (
    {{ rated_clients('address_clients') }}
),

ranked as (
    {{ ranked_clients('rated') }}
)

select * from ranked
