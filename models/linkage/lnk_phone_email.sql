with voter_phones as (
    select * from {{ ref('lnk_voter_phone') }}
),

contact_map as (
    select * from {{ ref('base_outreach__contact_map') }}
),

linkage_rules as (
    select * from {{ ref('linkage_rules') }}
),

-- The map is the largest extract by far, and nearly all of it is about strangers: the phone decides first,
-- and only what is left of the addresses is put into normal form.
matched as {{ materialized() }} (
    select
        phone_key,
        delivered_email,
        first_cohort_at,
        last_cohort_at,
        uncastable_columns
    from contact_map
    where phone_key in (select voter_phones.phone_key from voter_phones)
),

well_formed as (
    select
        phone_key,
        {{ well_formed_email('delivered_email') }} as well_formed_email,
        first_cohort_at,
        last_cohort_at
    from matched
    where uncastable_columns is null
),

-- A row first seen after the clock's day is not known yet; any other holds for all times (F09).
keyed as (
    select
        phone_key,
        {{ email_key('well_formed_email') }} as email_key,
        first_cohort_at,
        last_cohort_at
    from well_formed
    where first_cohort_at is null or not {{ is_future('first_cohort_at') }}
),

grouped as (
    select
        phone_key,
        email_key,
        first_cohort_at,
        last_cohort_at,
        count(*) as delivered_rows
    from keyed
    where email_key is not null
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
