{{ config(materialized='view') }}

with touches as (
    select * from {{ ref('attribution_touches') }}
),

gifts as (
    select * from {{ ref('key_gifts') }}
),

campaigns as (
    select * from {{ ref('agg_clicks_by_campaign') }}
),

models as (
    select * from {{ ref('attribution_models') }}
),

credited as (
    {{ credited_touches('touches') }}
),

-- A gift without a touch stays whole in every model, so that each model adds up to the gifts (F49).
unattributed as (
    select
        gifts.donation_id,
        cast(null as varchar) as campaign_id,
        models.model,
        cast(null as timestamp) as first_click_at,
        cast(null as timestamp) as last_click_at,
        cast(null as bigint) as days_to_donation,
        cast(1 as double) as credit
    from gifts
    cross join models
    where
        not exists (
            select 1
            from touches
            where touches.donation_id = gifts.donation_id
        )
),

united as (
    select * from credited
    union all
    select * from unattributed
),

described as (
    select
        {{ surrogate_key([
            'united.donation_id', 'united.model', "coalesce(united.campaign_id, 'unattributed')"
        ]) }} as credit_id,
        united.model,
        united.donation_id,
        lower(hex(gifts.contact_hash)) as contact_id,
        gifts.state,
        gifts.svid,
        united.campaign_id,
        campaigns.client_shortname,
        united.first_click_at,
        united.last_click_at,
        gifts.donation_date,
        united.days_to_donation,
        united.credit,
        '{{ invocation_id }}' as build_id
    from united
    inner join gifts
        on united.donation_id = gifts.donation_id
    -- An unattributed gift has no campaign.
    left join campaigns
        on united.campaign_id = campaigns.campaign_id
)

select * from described
