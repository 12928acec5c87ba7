with email_events as (
    select * from {{ ref('fct_email_events') }}
),

summed_by_address as (
    select
        email_key,
        count(*) as total_events,
        cast(sum(sends) as bigint) as sends,
        cast(sum(opens) as bigint) as opens,
        cast(sum(clicks) as bigint) as clicks,
        cast(sum(bounces) as bigint) as bounces,
        cast(sum(complaints) as bigint) as complaints,
        cast(sum(unsubs) as bigint) as unsubs,
        cast(sum(case when is_engagement then 1 else 0 end) as bigint) as engagements,
        max(case when is_opt_out then 1 else 0 end) = 1 as has_opted_out,
        max(case when has_any_click then 1 else 0 end) = 1 as has_any_click
    from email_events
    group by email_key
)

select * from summed_by_address
