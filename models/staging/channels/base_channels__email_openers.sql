with delivered as (
    select * from {{ source('channels', 'email_openers') }}
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
        event_date as occurred_at,
        {{ text_id('campaign_id') }} as campaign_id,
        {{ group_name('client_shortname') }} as client_shortname,
        coalesce(is_bot, false) as is_bot,
        {{ text_id('event_id') }} as event_id,
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
        {{ channel_rejection_reason() }} as rejection_reason
    from keyed
),

retained as (
    {{ without_erased('checked', emails=['email_key'], phones=['phone_key']) }}
)

select * from retained
