with donations as (
    select * from {{ ref('base_giving__donations') }}
),

accepted as (
    select
        email_key,
        phone_key,
        donated_at,
        state,
        amount,
        donation_id,
        donation_source,
        source_file
    from donations
    where
        rejection_reason is null
        and not {{ is_future('donated_at') }}
)

select * from accepted
