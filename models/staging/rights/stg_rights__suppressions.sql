with suppressions as (
    select * from {{ ref('base_rights__suppressions') }}
),

deduplicated as (
    select
        email_key,
        phone_key,
        svid_state,
        svid,
        suppressed_channel,
        reason,
        from_date,
        count(case when request_part = 1 then 1 end) as delivered_rows
    from suppressions
    where rejection_reason is null
    group by email_key, phone_key, svid_state, svid, suppressed_channel, reason, from_date
)

select * from deduplicated
