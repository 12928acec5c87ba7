with delivered as (
    select * from {{ source('outreach', 'list_link_phone_email_map') }}
),

well_formed as (
    select
        email,
        contact_number,
        {{ well_formed_email('email') }} as well_formed_email,
        {{ well_formed_phone('contact_number') }} as well_formed_phone,
        first_cohort_at,
        last_cohort_at,
        uncastable_columns,
        source_file,
        source_row_number,
        source_row
    from delivered
),

keyed as (
    select
        email,
        contact_number,
        {{ email_key('well_formed_email') }} as email_key,
        {{ phone_key('well_formed_phone') }} as phone_key,
        first_cohort_at,
        last_cohort_at,
        uncastable_columns,
        source_file,
        source_row_number,
        source_row
    from well_formed
),

checked as (
    select
        contact_number as delivered_phone,
        phone_key,
        email as delivered_email,
        email_key,
        first_cohort_at,
        last_cohort_at,
        uncastable_columns,
        case
            when uncastable_columns is not null then 'uncastable_value'
            when phone_key is null then 'phone_' || {{ missing_key_reason('phone_key', 'contact_number') }}
            when email_key is null then 'email_' || {{ missing_key_reason('email_key', 'email') }}
        end as rejection_reason,
        source_file,
        source_row_number,
        source_row
    from keyed
),

retained as (
    select
        checked.delivered_phone,
        checked.phone_key,
        checked.delivered_email,
        checked.email_key,
        checked.first_cohort_at,
        checked.last_cohort_at,
        checked.uncastable_columns,
        checked.rejection_reason,
        checked.source_file,
        checked.source_row_number,
        checked.source_row
    from checked
    where
        {{ is_not_erased(
            emails=['checked.email_key'],
            phones=['checked.phone_key'],
            refused=refused_text('checked.rejection_reason', 'checked.source_row')
        ) }}
)

select * from retained
