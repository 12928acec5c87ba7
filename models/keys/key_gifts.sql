with donations as (
    select * from {{ ref('fct_donations') }}
),

-- The gifts of a contact lie together, as in fct_donations, so that its hash is stored once.
named as (
    select
        donation_id,
        contact_hash,
        contact_state as state,
        contact_svid as svid,
        cast(donated_at as date) as donation_date
    from donations
    where is_gift
)

select * from named
