with accepted as (
    select
        phone_key,
        email_key,
        first_cohort_at,
        last_cohort_at
    from {{ ref('base_outreach__contact_map') }}
    where rejection_reason is null
)

select * from accepted
