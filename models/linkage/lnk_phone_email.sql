with contact_map as (
    select * from {{ ref('lnk_map_row') }}
),

-- A row first seen after the clock's day is not known yet; every other row holds for all times (F09).
grouped as (
    select
        phone_key,
        email_key,
        first_cohort_at,
        last_cohort_at,
        count(*) as delivered_rows
    from contact_map
    where
        rejection_reason is null
        and (first_cohort_at is null or not {{ is_future('first_cohort_at') }})
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
        *,
        count(*) over (partition by phone_key) as addresses
    from paired
),

-- Rule 2: a phone with too many addresses is no bridge, but stays a direct phone.
ruled as (
    select
        *,
        addresses <= {{ linkage_limit('phone_address_hub') }} as is_bridge
    from counted
)

select * from ruled
