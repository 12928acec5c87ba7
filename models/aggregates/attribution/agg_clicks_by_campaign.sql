with clicks as (
    select * from {{ ref('fct_clicks') }}
),

campaigns as (
    select * from {{ ref('stg_outreach__campaigns') }}
),

voter_addresses as (
    select * from {{ ref('lnk_voter_address') }}
),

address_voters as (
    select
        email_key,
        {{ voter_text('state', 'svid') }} as first_voter
    from voter_addresses
    where is_first_voter
),

-- All clicks, those of people outside the voter file included (docs/definitions.md, "Attribution").
counted_by_campaign as (
    select
        clicks.campaign_id,
        count(distinct {{ short_hash('coalesce(address_voters.first_voter, clicks.email_key)') }}) as unique_clickers,
        max(clicks.event_at) as last_click_at
    from clicks
    -- Most clickers are outside the voter file.
    left join address_voters
        on clicks.email_key = address_voters.email_key
    group by clicks.campaign_id
),

-- A campaign that is missing from the campaigns table takes the client of most of its clicks (F48).
summed_by_client as (
    select
        clicks.campaign_id,
        clicks.client_shortname,
        sum(clicks.clicks) as clicks
    from clicks
    where
        clicks.client_shortname is not null
        and not exists (
            select 1
            from campaigns
            where campaigns.campaign_id = clicks.campaign_id
        )
    group by clicks.campaign_id, clicks.client_shortname
),

main_clients as (
    select
        campaign_id,
        client_shortname,
        row_number() over (partition by campaign_id order by clicks desc, client_shortname asc) as client_in_campaign
    from summed_by_client
),

described as (
    select
        counted_by_campaign.*,
        coalesce(campaigns.client_shortname, main_clients.client_shortname) as client_shortname,
        campaigns.campaign_name
    from counted_by_campaign
    -- A campaign may be missing from the campaigns table; then it has no name.
    left join campaigns
        on counted_by_campaign.campaign_id = campaigns.campaign_id
    left join main_clients
        on
            counted_by_campaign.campaign_id = main_clients.campaign_id
            and main_clients.client_in_campaign = 1
)

select * from described
