with delivered as (
    select * from {{ source('giving', 'donations') }}
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
        {{ email_key('well_formed_email') }} as email_key,
        {{ phone_key('well_formed_phone') }} as phone_key,
        donation_date as donated_at,
        {{ text_id('state') }} as state,
        amount,
        {{ text_id('donation_id') }} as donation_id,
        lower({{ text_id('donation_source') }}) as donation_source,
        uncastable_columns,
        is_deleted_at_source,
        source_file,
        source_row_number,
        source_row
    from well_formed
),

-- The clock is read from the accepted rows, so rows after its day are refused later.
checked as (
    select
        *,
        case
            when is_deleted_at_source then 'deleted_at_source'
            when uncastable_columns is not null then 'uncastable_value'
            when email_key is null and phone_key is null then 'no_identifier'
            when donated_at is null then 'date_missing'
            when donated_at < cast('1990-01-01' as timestamp) then 'date_ancient'
            when {{ is_sentinel('amount', 'donations', 'amount') }} then 'sentinel_number'
        end as rejection_reason
    from keyed
),

retained as (
    {{ without_erased('checked', emails=['email_key'], phones=['phone_key']) }}
)

select * from retained
