with contact_map as (
    select * from {{ ref('lnk_map_row') }}
),

linkage_rules as (
    select * from {{ ref('linkage_rules') }}
),

-- A row first seen after the clock's day is not known yet; any other holds for all times (F09).
accepted as (
    select
        phone_key,
        email_key,
        first_cohort_at,
        last_cohort_at
    from contact_map
    where
        rejection_reason is null
        and (first_cohort_at is null or not {{ is_future('first_cohort_at') }})
),

grouped as (
    select
        phone_key,
        email_key,
        first_cohort_at,
        last_cohort_at,
        count(*) as delivered_rows
    from accepted
    group by phone_key, email_key, first_cohort_at, last_cohort_at
),

paired as (
    select
        phone_key,
        email_key,
        cast(sum(delivered_rows) as bigint) as delivered_rows,
        count(*) as distinct_rows
    from grouped
    group by phone_key, email_key
),

counted as (
    select
        phone_key,
        email_key,
        delivered_rows,
        distinct_rows,
        count(*) over (partition by phone_key) as addresses
    from paired
),

-- Rule 2: a phone with too many addresses is no bridge, but stays a direct phone.
ruled as (
    select
        counted.phone_key,
        counted.email_key,
        counted.delivered_rows,
        counted.distinct_rows,
        counted.addresses,
        counted.addresses <= linkage_rules.max_count as is_bridge
    from counted
    inner join linkage_rules
        on linkage_rules.rule = 'phone_address_hub'
)

select * from ruled
