{{ config(post_hook={'sql': '{{ hold_in_memory(this) }}', 'transaction': false}) }}

with requests as (
    select * from {{ ref('base_rights__erasure_requests') }}
),

deduplicated as (
    select
        email_key,
        phone_key,
        svid_state,
        svid,
        count(case when request_part = 1 then 1 end) as delivered_rows
    from requests
    where rejection_reason is null
    group by email_key, phone_key, svid_state, svid
)

select * from deduplicated
