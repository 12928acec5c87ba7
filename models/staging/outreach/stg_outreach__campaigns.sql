{{ config(materialized='table') }}

with accepted as (
    select
        campaign_id,
        client_shortname,
        list_id,
        channel,
        campaign_name,
        start_date
    from {{ ref('base_outreach__campaigns') }}
    where rejection_reason is null
),

-- Of several rows of an id, the one that started last; then the largest name (F48).
numbered as (
    select
        campaign_id,
        client_shortname,
        list_id,
        channel,
        campaign_name,
        start_date,
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
    from accepted
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
