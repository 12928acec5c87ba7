{% set flags = 'coalesce(sends, 0), coalesce(replies, 0), coalesce(clicks, 0), coalesce(opt_outs, 0)' %}

with delivered as (
    select * from {{ source('channels', 'sms_responses') }}
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
        send as sends,
        reply as replies,
        click as clicks,
        opt_out as opt_outs,
        {{ text_id('campaign_id') }} as campaign_id,
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
            ('least(' ~ flags ~ ') < 0', 'negative_flag'),
            (
                'coalesce(sends, replies, clicks, opt_outs) is not null and greatest(' ~ flags ~ ') = 0',
                'unknown_event_type',
            ),
        ]) }} as rejection_reason
    from keyed
),

retained as (
    {{ without_erased('checked', emails=['email_key'], phones=['phone_key']) }}
)

select * from retained
