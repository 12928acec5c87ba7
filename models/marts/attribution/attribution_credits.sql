{{ config(materialized='view') }}

with touches as (
    select * from {{ ref('attribution_touches') }}
),

donations as (
    select * from {{ ref('fct_donations') }}
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

attributed as (
    select
        {{ surrogate_key(['credited.donation_id', 'credited.model', 'credited.campaign_id']) }} as credit_id,
        credited.model,
        credited.donation_id,
        lower(hex(donations.contact_hash)) as contact_id,
        donations.contact_state as state,
        donations.contact_svid as svid,
        credited.campaign_id,
        campaigns.client_shortname,
        credited.first_click_at,
        credited.last_click_at,
        cast(donations.donated_at as date) as donation_date,
        credited.days_to_donation,
        cast(credited.credit as double) as credit,
        '{{ invocation_id }}' as build_id
    from credited
    inner join donations
        on credited.donation_id = donations.donation_id
    inner join campaigns
        on credited.campaign_id = campaigns.campaign_id
),

-- A gift without a touch stays whole, in every model, so that each model adds up to the gifts (F49).
unattributed as (
    select
        {{ surrogate_key(['donations.donation_id', 'models.model', "'unattributed'"]) }} as credit_id,
        models.model,
        donations.donation_id,
        lower(hex(donations.contact_hash)) as contact_id,
        donations.contact_state as state,
        donations.contact_svid as svid,
        cast(null as varchar) as campaign_id,
        cast(null as varchar) as client_shortname,
        cast(null as timestamp) as first_click_at,
        cast(null as timestamp) as last_click_at,
        cast(donations.donated_at as date) as donation_date,
        cast(null as bigint) as days_to_donation,
        cast(1 as double) as credit,
        '{{ invocation_id }}' as build_id
    from donations
    cross join models
    where
        donations.is_gift
        and not exists (
            select 1
            from touches
            where touches.donation_id = donations.donation_id
        )
),

united as (
    select * from attributed
    union all
    select * from unattributed
)

select * from united
