with delivered as (
    select * from {{ source('channels', 'web_visits') }}
),

well_formed as (
    select
        {{ well_formed_email('email') }} as well_formed_email,
        {{ well_formed_phone('contact_number') }} as well_formed_phone,
        event_date as occurred_at,
        {{ text_id('session_id') }} as session_id,
        {{ text_id('page_path') }} as page_path,
        {{ topic_text('topic') }} as topic,
        coalesce(duration_seconds, {{ seconds_between('event_date', 'ended_at') }}) as duration_seconds,
        ended_at,
        scroll_depth,
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
        session_id,
        page_path,
        topic,
        duration_seconds,
        ended_at,
        scroll_depth,
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
        session_id,
        page_path,
        topic,
        duration_seconds,
        ended_at,
        scroll_depth,
        event_id,
        {{ channel_rejection_reason(own=[
            ('duration_seconds < 0 or ended_at < occurred_at', 'runs_backwards'),
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
        checked.session_id,
        checked.page_path,
        checked.topic,
        checked.duration_seconds,
        checked.ended_at,
        checked.scroll_depth,
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
