{% set flags = 'coalesce(sends, 0), coalesce(replies, 0), coalesce(clicks, 0), coalesce(opt_outs, 0)' %}

with delivered as (
    select * from {{ source('channels', 'sms_responses') }}
),

well_formed as (
    select
        {{ well_formed_email('email') }} as well_formed_email,
        {{ well_formed_phone('contact_number') }} as well_formed_phone,
        event_date as occurred_at,
        send as sends,
        reply as replies,
        click as clicks,
        opt_out as opt_outs,
        {{ text_id('campaign_id') }} as campaign_id,
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
        sends,
        replies,
        clicks,
        opt_outs,
        campaign_id,
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
        sends,
        replies,
        clicks,
        opt_outs,
        campaign_id,
        client_shortname,
        event_id,
        {{ channel_rejection_reason(own=[
            ('least(' ~ flags ~ ') < 0', 'negative_flag'),
            (
                'coalesce(sends, replies, clicks, opt_outs) is not null and greatest(' ~ flags ~ ') = 0',
                'unknown_event_type',
            ),
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
        checked.sends,
        checked.replies,
        checked.clicks,
        checked.opt_outs,
        checked.campaign_id,
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
