with delivered as (
    select * from {{ source('outreach', 'campaigns') }}
),

keyed as (
    select
        {{ text_id('campaign_id') }} as campaign_id,
        {{ text_id('client_shortname') }} as client_shortname,
        {{ text_id('list_id') }} as list_id,
        {{ text_id('channel') }} as channel,
        {{ text_id('campaign_name') }} as campaign_name,
        start_date,
        uncastable_columns,
        source_file,
        source_row_number,
        source_row
    from delivered
),

checked as (
    select
        campaign_id,
        client_shortname,
        list_id,
        channel,
        campaign_name,
        start_date,
        case
            when campaign_id is null then 'missing_id'
            when uncastable_columns is not null then 'uncastable_value'
        end as rejection_reason,
        source_file,
        source_row_number,
        source_row
    from keyed
),

retained as (
    select
        checked.campaign_id,
        checked.client_shortname,
        checked.list_id,
        checked.channel,
        -- What a campaign is called may name somebody; the campaign itself is nobody's.
        case
            when {{ is_not_erased(refused='checked.campaign_name') }} then checked.campaign_name
        end as campaign_name,
        checked.start_date,
        checked.rejection_reason,
        checked.source_file,
        checked.source_row_number,
        case
            when {{ is_not_erased(refused='checked.campaign_name') }} then checked.source_row
        end as source_row
    from checked
    where
        {{ is_not_erased(
            refused=refused_text('checked.rejection_reason', 'checked.source_row')
        ) }}
)

select * from retained
