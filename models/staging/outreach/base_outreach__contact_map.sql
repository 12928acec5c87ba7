with delivered as (
    select * from {{ source('outreach', 'list_link_phone_email_map') }}
),

well_formed as (
    select
        *,
        {{ well_formed_email('email') }} as well_formed_email,
        {{ well_formed_phone('contact_number') }} as well_formed_phone
    from delivered
),

keyed as (
    select
        contact_number as delivered_phone,
        {{ phone_key('well_formed_phone') }} as phone_key,
        email as delivered_email,
        {{ email_key('well_formed_email') }} as email_key,
        first_cohort_at,
        last_cohort_at,
        uncastable_columns,
        is_deleted_at_source,
        source_file,
        source_row_number,
        source_row
    from well_formed
),

checked as (
    select
        *,
        case
            when is_deleted_at_source then 'deleted_at_source'
            when uncastable_columns is not null then 'uncastable_value'
            when phone_key is null then 'phone_' || {{ missing_phone_reason('phone_key', 'delivered_phone') }}
            when email_key is null then 'email_' || {{ missing_email_reason('email_key', 'delivered_email') }}
        end as rejection_reason
    from keyed
),

retained as (
    {{ without_erased('checked', emails=['email_key'], phones=['phone_key']) }}
)

select * from retained
