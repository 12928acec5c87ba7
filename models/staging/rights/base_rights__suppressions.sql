with delivered as (
    select * from {{ source('rights', 'suppressions') }}
),

requests as (
    select * from {{ held(ref('stg_rights__erasure_requests')) }}
),

trimmed as (
    select
        {{ text_id('identifier') }} as identifier,
        lower({{ text_id('channel') }}) as channel_text,
        {{ text_id('reason') }} as reason,
        cast(from_date as date) as from_date,
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

-- When in doubt, do not contact: an unknown channel suppresses every channel, and a row without a readable date
-- applies from the first day.
checked as (
    select
        email_key,
        phone_key,
        svid_state,
        svid,
        case
            when channel_text = 'email' then 'email'
            when channel_text in ('phone', 'sms') then 'phone'
            else 'all'
        end as suppressed_channel,
        reason,
        from_date,
        {{ identifier_rejection_reason() }} as rejection_reason,
        source_file,
        source_row_number,
        source_row
    from keyed
),

contacts_retained as (
    {{ without_erased('checked', emails=['email_key'], phones=['phone_key']) }}
),

-- An erased person needs no suppression. One by a bare voter id is dropped only when every voter that it means is
-- erased.
retained as (
    select *
    from contacts_retained
    where
        not exists (
            select 1
            from requests
            where
                requests.svid = contacts_retained.svid
                and coalesce(requests.svid_state, contacts_retained.svid_state, '')
                = coalesce(contacts_retained.svid_state, '')
        )
)

select * from retained
