with delivered as (
    select * from {{ source('channels', 'event_attendance') }}
),

well_formed as (
    select
        {{ well_formed_email('email') }} as well_formed_email,
        {{ well_formed_phone('contact_number') }} as well_formed_phone,
        event_date as occurred_at,
        {{ text_id('gathering_id') }} as gathering_id,
        lower({{ text_id('status') }}) as status,
        {{ topic_text('topic') }} as topic,
        {{ text_id('client_shortname') }} as client_shortname,
        {{ text_id('event_id') }} as event_id,
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
        occurred_at,
        gathering_id,
        status,
        topic,
        client_shortname,
        event_id,
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
        occurred_at,
        gathering_id,
        status,
        topic,
        client_shortname,
        event_id,
        {{ channel_rejection_reason(own=[
            ("coalesce(status, '') not in ('invited', 'registered', 'attended', 'no_show')", 'unknown_event_type'),
        ]) }} as rejection_reason,
        source_file,
        source_row_number,
        source_row
    from keyed
),

retained as (
    select
        checked.email_key,
        checked.phone_key,
        checked.occurred_at,
        checked.gathering_id,
        checked.status,
        checked.topic,
        checked.client_shortname,
        checked.event_id,
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
