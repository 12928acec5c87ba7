with delivered as (
    select * from {{ source('rights', 'suppressions') }}
),

requests as (
    select * from {{ ref('stg_rights__erasure_requests') }}
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
        identifier,
        {{ well_formed_email('identifier') }} as well_formed_email,
        {{ well_formed_phone(identifier_phone_text('identifier')) }} as well_formed_phone,
        case when {{ identifier_names_state('identifier') }} then upper(left(identifier, 2)) end as svid_state,
        {{ identifier_svid('identifier') }} as svid,
        channel_text,
        reason,
        from_date,
        source_file,
        source_row_number,
        source_row
    from trimmed
),

keyed as (
    select
        identifier,
        {{ email_key('well_formed_email') }} as email_key,
        {{ phone_key('well_formed_phone') }} as phone_key,
        svid_state,
        svid,
        -- A channel that nobody knows is every channel: silence is the safe side.
        case
            when channel_text = 'email' then 'email'
            when channel_text in ('phone', 'sms') then 'phone'
            else 'all'
        end as suppressed_channel,
        reason,
        from_date,
        source_file,
        source_row_number,
        source_row
    from well_formed
),

-- A date that cannot be read is no reason to contact somebody: the row holds from the first day.
checked as (
    select
        email_key,
        phone_key,
        svid_state,
        svid,
        suppressed_channel,
        reason,
        from_date,
        case
            when identifier is null then 'identifier_blank'
            when coalesce(email_key, phone_key, svid) is null then 'identifier_malformed'
        end as rejection_reason,
        source_file,
        source_row_number,
        source_row
    from keyed
),

-- Who is erased need not be suppressed; a bare voter id is given up only with all the voters that it means.
retained as (
    select
        checked.email_key,
        checked.phone_key,
        checked.svid_state,
        checked.svid,
        checked.suppressed_channel,
        checked.reason,
        checked.from_date,
        checked.rejection_reason,
        checked.source_file,
        checked.source_row_number,
        checked.source_row
    from checked
    where
        {{ is_not_erased(
            emails=['checked.email_key'], phones=['checked.phone_key'],
            refused=refused_text('checked.rejection_reason', 'checked.source_row')
        ) }}
        and not exists (
            select 1
            from requests
            where
                requests.svid = checked.svid
                and coalesce(requests.svid_state, checked.svid_state, '') = coalesce(checked.svid_state, '')
        )
)

select * from retained
