with delivered as (
    select * from {{ source('rights', 'erasure_requests') }}
),

trimmed as (
    select
        {{ text_id('identifier') }} as identifier,
        requested_at,
        is_deleted_at_source,
        source_file,
        source_row_number,
        source_row
    from delivered
),

well_formed as (
    select
        *,
        {{ well_formed_email('identifier') }} as well_formed_email,
        {{ well_formed_phone(identifier_phone_text('identifier')) }} as well_formed_phone,
        case when {{ identifier_names_state('identifier') }} then upper(left(identifier, 2)) end as svid_state,
        {{ identifier_svid('identifier') }} as svid
    from trimmed
),

keyed as (
    select
        *,
        {{ email_key('well_formed_email') }} as email_key,
        {{ phone_key('well_formed_phone') }} as phone_key
    from well_formed
),

checked as (
    select
        email_key,
        phone_key,
        svid_state,
        svid,
        requested_at,
        {{ identifier_rejection_reason() }} as rejection_reason,
        source_file,
        source_row_number,
        source_row
    from keyed
)

select * from checked
