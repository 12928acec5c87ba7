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
)

select * from checked
