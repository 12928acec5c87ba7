with accepted as (
    select
        email_key,
        phone_key,
        svid_state,
        svid
    from {{ ref('base_rights__erasure_requests') }}
    where rejection_reason is null
),

deduplicated as (
    select
        email_key,
        phone_key,
        svid_state,
        svid,
        count(*) as delivered_rows
    from accepted
    group by email_key, phone_key, svid_state, svid
)

select * from deduplicated
