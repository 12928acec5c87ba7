with delivered as (
    select * from {{ source('channels', 'event_attendance') }}
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
        {{ text_id('gathering_id') }} as gathering_id,
        lower({{ text_id('status') }}) as status,
        {{ topic_text('topic') }} as topic,
        {{ group_name('client_shortname') }} as client_shortname,
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
        {{ channel_rejection_reason(own=[
            ("coalesce(status, '') not in ('invited', 'registered', 'attended', 'no_show')", 'unknown_event_type'),
        ]) }} as rejection_reason
    from keyed
),

retained as (
    {{ without_erased('checked', emails=['email_key'], phones=['phone_key']) }}
)

select * from retained
