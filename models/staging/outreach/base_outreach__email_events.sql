{% set event_flags = ['sends', 'opens', 'clicks', 'bounces', 'complaints', 'unsubs'] %}

with delivered as (
    select * from {{ source('outreach', 'email_clickers') }}
),

well_formed as (
    select
        email as delivered_email,
        {{ well_formed_email('email') }} as well_formed_email,
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
        uncastable_columns,
        source_file,
        source_row_number,
        source_row
    from delivered
),

keyed as (
    select
        delivered_email,
        {{ email_key('well_formed_email') }} as email_key,
        delivered_campaign_id,
        delivered_client,
        event_at,
        sends,
        opens,
        clicks,
        bounces,
        complaints,
        unsubs,
        is_bot,
        delivered_event_id,
        uncastable_columns,
        source_file,
        source_row_number,
        source_row
    from well_formed
),

-- Everything but "after the clock's day": the clock itself is read from the accepted rows. Ids are
-- trimmed by the reader, on the few rows that it picks.
checked as (
    select
        delivered_email,
        email_key,
        delivered_campaign_id,
        delivered_client,
        event_at,
        sends,
        opens,
        clicks,
        bounces,
        complaints,
        unsubs,
        is_bot,
        delivered_event_id,
        uncastable_columns,
        case
            when uncastable_columns is not null then 'uncastable_value'
            when email_key is null then 'email_' || {{ missing_key_reason('email_key', 'delivered_email') }}
            when event_at is null then 'date_missing'
            when event_at < cast('1990-01-01' as timestamp) then 'date_ancient'
            when {{ united_bits(event_flags) }} < 0 then 'negative_flag'
            when {{ has_sentinel_flag(event_flags) }} then 'sentinel_number'
        end as rejection_reason,
        source_file,
        source_row_number,
        source_row
    from keyed
),

retained as (
    select
        checked.delivered_email,
        checked.email_key,
        checked.delivered_campaign_id,
        checked.delivered_client,
        checked.event_at,
        checked.sends,
        checked.opens,
        checked.clicks,
        checked.bounces,
        checked.complaints,
        checked.unsubs,
        checked.is_bot,
        checked.delivered_event_id,
        checked.uncastable_columns,
        checked.rejection_reason,
        checked.source_file,
        checked.source_row_number,
        checked.source_row
    from checked
    where
        {{ is_not_erased(
            emails=['checked.email_key'],
            refused=refused_text('checked.rejection_reason', 'checked.source_row')
        ) }}
)

select * from retained
