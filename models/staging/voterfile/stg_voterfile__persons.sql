{{ config(materialized='table') }}

with persons as (
    select * from {{ ref('base_voterfile__persons') }}
),

-- Identical rows are one person delivered several times (F16): one row here, with the number of copies.
deduplicated as (
    select
        person_id,
        state,
        county,
        email_key,
        cell_phone_key,
        home_phone_key,
        -- Rows that differ only in text that is no address or phone are still one person.
        min(email_refused_as) as email_refused_as,
        min(cell_phone_refused_as) as cell_phone_refused_as,
        min(home_phone_refused_as) as home_phone_refused_as,
        count(*) as delivered_rows
    from persons
    where rejection_reason is null
    group by person_id, state, county, email_key, cell_phone_key, home_phone_key
)

select * from deduplicated
