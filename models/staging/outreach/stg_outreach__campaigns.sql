{{ config(materialized='table') }}

with campaigns as (
    select * from {{ ref('base_outreach__campaigns') }}
),

-- Of several rows with one id, the one that started last stays; then the one with the largest name (F48).
numbered as (
    select
        *,
        count(*) over (partition by campaign_id) as delivered_rows,
        row_number() over (
            partition by campaign_id
            order by
                start_date desc nulls last,
                campaign_name desc nulls last,
                client_shortname desc nulls last,
                list_id desc nulls last,
                channel desc nulls last
        ) as row_in_campaign
    from campaigns
    where rejection_reason is null
),

latest as (
    select
        campaign_id,
        client_shortname,
        list_id,
        channel,
        campaign_name,
        cast(start_date as date) as start_date,
        delivered_rows
    from numbered
    where row_in_campaign = 1
)

select * from latest
