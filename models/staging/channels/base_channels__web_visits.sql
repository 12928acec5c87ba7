with delivered as (
    select * from {{ source('channels', 'web_visits') }}
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
        {{ text_id('session_id') }} as session_id,
        {{ text_id('page_path') }} as page_path,
        {{ topic_text('topic') }} as topic,
        coalesce(duration_seconds, {{ seconds_between('event_date', 'ended_at') }}) as duration_seconds,
        ended_at,
        scroll_depth,
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
            ('duration_seconds < 0 or ended_at < occurred_at', 'runs_backwards'),
        ]) }} as rejection_reason
    from keyed
),

retained as (
    {{ without_erased('checked', emails=['email_key'], phones=['phone_key']) }}
)

select * from retained
