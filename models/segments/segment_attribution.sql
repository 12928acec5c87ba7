{{ config(parameters=['svids']) }}

with touches as (
    select * from {{ ref('voter_touches') }}
),

gift_voters as (
    select * from {{ ref('key_gift_voters') }}
),

address_campaigns as (
    select * from {{ ref('agg_clicks_by_address_campaign') }}
),

voters as (
    {{ segment_voters() }}
),

addresses as (
    {{ segment_addresses('voters') }}
),

-- The gifts of the segment's voters, each once.
gifts as (
    select distinct
        gift_voters.gift_number,
        gift_voters.contact_number as contact_id
    from gift_voters
    inner join voters
        on gift_voters.voter_number = voters.voter_number
),

segment_touches as (
    select touches.*
    from touches
    inner join gifts
        on touches.gift_number = gifts.gift_number
),

credited as (
    {{ credited_touches('segment_touches', 'gift_number') }}
),

credits as (
    select
        credited.*,
        gifts.contact_id
    from credited
    inner join gifts
        on credited.gift_number = gifts.gift_number
),

-- An address counts as one clicker: its first voter.
clickers as (
    select
        address_campaigns.campaign_id,
        count(distinct address_campaigns.first_voter_number) as unique_clickers
    from addresses
    inner join address_campaigns
        on addresses.address_number = address_campaigns.address_number
    group by address_campaigns.campaign_id
),

attributed as (
    {{ attributed_campaigns('credits', 'gifts', 'clickers', 'gift_number') }}
)

select * from attributed
order by model asc, donations_credited desc nulls last, campaign_id asc nulls last
