with accepted as (
    select
        email_key,
        phone_key,
        svid_state,
        svid,
        suppressed_channel,
        reason,
        from_date
    from {{ ref('base_rights__suppressions') }}
    where rejection_reason is null
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
        count(*) as delivered_rows
    from accepted
    group by email_key, phone_key, svid_state, svid, suppressed_channel, reason, from_date
)

select * from deduplicated
