with consents as (
    select * from {{ ref('base_rights__consents') }}
),

deduplicated as (
    select
        email_key,
        phone_key,
        svid_state,
        svid,
        channel,
        coalesce(is_granted, false) as is_granted,
        decided_on,
        count(case when request_part = 1 then 1 end) as delivered_rows
    from consents
    where rejection_reason is null
    group by email_key, phone_key, svid_state, svid, channel, coalesce(is_granted, false), decided_on
)

select * from deduplicated
