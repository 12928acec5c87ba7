{{ config(parameters=['svids']) }}

with touches as (
    select * from {{ ref('attribution_touches') }}
),

donation_voters as (
    select * from {{ ref('agg_donations_by_donation_voter') }}
),

address_campaigns as (
    select * from {{ ref('agg_clicks_by_address_campaign') }}
),

voter_addresses as (
    select * from {{ ref('lnk_voter_address') }}
),

voters as (
    {{ segment_voters() }}
),

addresses as (
    {{ segment_addresses('voters') }}
),

-- The gifts that belong to any voter of the segment, each once.
gifts as (
    select distinct
        donation_voters.donation_id,
        donation_voters.contact_id
    from donation_voters
    inner join voters
        on
            donation_voters.state = voters.state
            and donation_voters.svid = voters.svid
    where donation_voters.is_gift
),

segment_touches as (
    select touches.*
    from touches
    inner join gifts
        on touches.donation_id = gifts.donation_id
),

credited as (
    {{ credited_touches('segment_touches') }}
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

-- The first voter of an address is the contact that clicked.
clickers as (
    select
        address_campaigns.campaign_id,
        count(distinct {{ voter_text('voter_addresses.state', 'voter_addresses.svid') }}) as unique_clickers
    from addresses
    inner join address_campaigns
        on addresses.email_key = address_campaigns.email_key
    inner join voter_addresses
        on
            addresses.email_key = voter_addresses.email_key
            and voter_addresses.is_first_voter
    group by address_campaigns.campaign_id
),

attributed as (
    {{ attributed_campaigns('credits', 'gifts', 'clickers') }}
)

select * from attributed
order by model asc, donations_credited desc nulls last, campaign_id asc nulls last
