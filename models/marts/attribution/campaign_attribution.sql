with touches as (
    select * from {{ ref('attribution_touches') }}
),

donations as (
    select * from {{ ref('fct_donations') }}
),

clickers as (
    select * from {{ ref('agg_clicks_by_campaign') }}
),

gifts as (
    select
        donation_id,
        {{ short_hash('contact_hash') }} as contact_id
    from donations
    where is_gift
),

credited as (
    {{ credited_touches('touches') }}
),

credits as (
    select
        credited.donation_id,
        credited.campaign_id,
        credited.model,
        gifts.contact_id,
        credited.days_to_donation,
        credited.credit
    from credited
    inner join gifts
        on credited.donation_id = gifts.donation_id
),

attributed as (
    {{ attributed_campaigns('credits', 'gifts', 'clickers') }}
),

published as (
    select
        model || coalesce('/' || campaign_id, '') as attribution_id,
        campaign_id,
        model,
        client_shortname,
        campaign_name,
        donors_attributed,
        cast(donations_credited as double) as donations_credited,
        avg_days_to_donate,
        min_days,
        max_days,
        unique_clickers,
        donors_per_100_clickers,
        is_mature,
        '{{ invocation_id }}' as build_id
    from attributed
)

select * from published
