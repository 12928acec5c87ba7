with email_events as (
    select * from {{ ref('fct_email_events') }}
),

address_numbers as (
    select * from {{ ref('key_addresses') }}
),

summed_by_client as (
    select
        email_key,
        client_shortname,
        count(*) as total_events,
        cast(sum(sends) as bigint) as sends,
        cast(sum(opens) as bigint) as opens,
        cast(sum(clicks) as bigint) as clicks,
        cast(sum(bounces) as bigint) as bounces,
        cast(sum(complaints) as bigint) as complaints,
        cast(sum(unsubs) as bigint) as unsubs,
        cast(sum(case when is_engagement then 1 else 0 end) as bigint) as engagements,
        max(case when is_opt_out then 1 else 0 end) = 1 as has_opted_out
    from email_events
    where client_shortname is not null
    group by email_key, client_shortname
),

numbered as (
    select
        summed_by_client.*,
        address_numbers.address_number
    from summed_by_client
    inner join address_numbers
        on summed_by_client.email_key = address_numbers.email_key
)

select * from numbered
