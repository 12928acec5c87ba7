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

-- A gift without a touch stays whole in every model, so that each model adds up to the gifts (F49).
unattributed as (
    select
        donations.donation_id,
        cast(null as varchar) as campaign_id,
        models.model,
        cast(null as timestamp) as first_click_at,
        cast(null as timestamp) as last_click_at,
        cast(null as bigint) as days_to_donation,
        cast(1 as double) as credit
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
        lower(hex(donations.contact_hash)) as contact_id,
        donations.contact_state as state,
        donations.contact_svid as svid,
        united.campaign_id,
        campaigns.client_shortname,
        united.first_click_at,
        united.last_click_at,
        cast(donations.donated_at as date) as donation_date,
        united.days_to_donation,
        united.credit,
        '{{ invocation_id }}' as build_id
    from united
    inner join donations
        on united.donation_id = donations.donation_id
    -- An unattributed gift has no campaign.
    left join campaigns
        on united.campaign_id = campaigns.campaign_id
)

select * from described
