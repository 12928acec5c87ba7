with delivered as (
    select * from {{ source('giving', 'donations') }}
),

well_formed as (
    select
        {{ well_formed_email('email') }} as well_formed_email,
        {{ well_formed_phone('contact_number') }} as well_formed_phone,
        donation_date as donated_at,
        {{ text_id('state') }} as state,
        amount,
        {{ text_id('donation_id') }} as donation_id,
        lower({{ text_id('donation_source') }}) as donation_source,
        uncastable_columns,
        source_file,
        source_row_number,
        source_row
    from delivered
),

keyed as (
    select
        {{ email_key('well_formed_email') }} as email_key,
        {{ phone_key('well_formed_phone') }} as phone_key,
        donated_at,
        state,
        amount,
        donation_id,
        donation_source,
        uncastable_columns,
        source_file,
        source_row_number,
        source_row
    from well_formed
),

-- Everything but "after the clock's day": the clock itself is read from the accepted rows.
checked as (
    select
        email_key,
        phone_key,
        donated_at,
        state,
        amount,
        donation_id,
        donation_source,
        case
            when uncastable_columns is not null then 'uncastable_value'
            when email_key is null and phone_key is null then 'no_identifier'
            when donated_at is null then 'date_missing'
            when donated_at < cast('1990-01-01' as timestamp) then 'date_ancient'
            when {{ is_sentinel('amount', 'donations', 'amount') }} then 'sentinel_number'
        end as rejection_reason,
        source_file,
        source_row_number,
        source_row
    from keyed
),

retained as (
    select
        checked.email_key,
        checked.phone_key,
        checked.donated_at,
        checked.state,
        checked.amount,
        checked.donation_id,
        checked.donation_source,
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
