{%- set window_days = var('attribution_window_days') | int -%}

with donations as (
    select * from {{ ref('fct_donations') }}
),

donation_voters as (
    select * from {{ ref('fct_donation_voters') }}
),

voter_addresses as (
    select * from {{ ref('lnk_voter_address') }}
),

clicks as (
    select * from {{ ref('fct_clicks') }}
),

-- Clicks are known from the first one on, by anybody, up to the clock.
known as (
    select
        {{ add_days('cast(min(event_at) as date)', window_days) }} as first_day,
        {{ add_days(as_of_date(), -window_days) }} as last_day
    from clicks
),

-- The gift's own address, and every used address of its voters. A gift counts only with both windows complete.
donation_addresses as (
    select
        donations.donation_id,
        donations.donated_at,
        donations.email_key
    from donations
    inner join known
        on cast(donations.donated_at as date) between known.first_day and known.last_day
    where
        donations.is_gift
        and donations.email_key is not null
    union
    select
        donation_voters.donation_id,
        donation_voters.donated_at,
        voter_addresses.email_key
    from donation_voters
    inner join known
        on cast(donation_voters.donated_at as date) between known.first_day and known.last_day
    inner join voter_addresses
        on
            donation_voters.state = voter_addresses.state
            and donation_voters.svid = voter_addresses.svid
    where donation_voters.is_gift
),

-- A gift at midnight sharp has a date and no time: every click of its day comes before it, as in a touch (F46).
placed as (
    select
        donation_addresses.donation_id,
        clicks.campaign_id,
        clicks.event_at,
        -{{ days_between('clicks.event_at', 'donation_addresses.donated_at') }} as days_after_gift,
        clicks.event_at > donation_addresses.donated_at
        and not (
            donation_addresses.donated_at = date_trunc('day', donation_addresses.donated_at)
            and cast(clicks.event_at as date) = cast(donation_addresses.donated_at as date)
        ) as is_after
    from donation_addresses
    inner join clicks
        on donation_addresses.email_key = clicks.email_key
    where
        {{ days_between('clicks.event_at', 'donation_addresses.donated_at') }}
        between -{{ window_days }} and {{ window_days }}
),

clicked as (
    select
        donation_id,
        campaign_id,
        is_after,
        days_after_gift,
        min(event_at) as first_click_at,
        max(event_at) as last_click_at
    from placed
    group by donation_id, campaign_id, is_after, days_after_gift
)

select * from clicked
