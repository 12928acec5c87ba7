{{ config(materialized='table') }}

with accepted as (
    select
        person_id,
        state,
        county,
        email_key,
        email_refused_as,
        cell_phone_key,
        home_phone_key
    from {{ ref('base_voterfile__persons') }}
    where rejection_reason is null
),

-- An identical row is the same person delivered twice (F16); the copies are counted.
deduplicated as (
    select
        person_id,
        state,
        county,
        email_key,
        cell_phone_key,
        home_phone_key,
        -- Rows that differ in nothing but what is no address are one person still.
        min(email_refused_as) as email_refused_as,
        count(*) as delivered_rows
    from accepted
    group by person_id, state, county, email_key, cell_phone_key, home_phone_key
)

select * from deduplicated
