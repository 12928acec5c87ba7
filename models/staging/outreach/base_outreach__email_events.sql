with delivered as (
    select * from {{ source('outreach', 'email_clickers') }}
),

well_formed as (
    select
        *,
        {{ well_formed_email('email') }} as well_formed_email
    from delivered
),

-- Ids stay as they were delivered: trimming is slow, so readers trim the few rows that they keep.
keyed as (
    select
        email as delivered_email,
        {{ email_key('well_formed_email') }} as email_key,
        campaign_id as delivered_campaign_id,
        client_shortname as delivered_client,
        event_date as event_at,
        coalesce(send, 0) as sends,
        coalesce(open, 0) as opens,
        coalesce(click, 0) as clicks,
        coalesce(bounce, 0) as bounces,
        coalesce(complaint, 0) as complaints,
        coalesce(unsubscribe, 0) as unsubs,
        coalesce(is_bot, false) as is_bot,
        event_id as delivered_event_id,
        {{ text_id('link') }} as link,
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
        {{ email_rejection_reason() }} as rejection_reason
    from keyed
),

retained as (
    {{ without_erased('checked', emails=['email_key']) }}
)

select * from retained
