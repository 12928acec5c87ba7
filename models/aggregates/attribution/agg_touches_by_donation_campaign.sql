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

-- The gift's own address, and every used address of its voters.
donation_addresses as (
    select
        donation_id,
        donated_at,
        email_key
    from donations
    where
        is_gift
        and email_key is not null
    union
    select
        donation_voters.donation_id,
        donation_voters.donated_at,
        voter_addresses.email_key
    from donation_voters
    inner join voter_addresses
        on
            donation_voters.state = voter_addresses.state
            and donation_voters.svid = voter_addresses.svid
    where donation_voters.is_gift
),

-- A gift at midnight sharp has a date and no time: compare dates then, else times (F46).
touched as (
    select
        donation_addresses.donation_id,
        clicks.campaign_id,
        min(clicks.event_at) as first_click_at,
        max(clicks.event_at) as last_click_at,
        min({{ days_between('clicks.event_at', 'donation_addresses.donated_at') }}) as days_to_donation
    from donation_addresses
    inner join clicks
        on donation_addresses.email_key = clicks.email_key
    where
        (
            clicks.event_at <= donation_addresses.donated_at
            or (
                donation_addresses.donated_at = date_trunc('day', donation_addresses.donated_at)
                and cast(clicks.event_at as date) = cast(donation_addresses.donated_at as date)
            )
        )
        and {{ days_between('clicks.event_at', 'donation_addresses.donated_at') }}
        <= {{ var('attribution_window_days') | int }}
    group by donation_addresses.donation_id, clicks.campaign_id
)

select * from touched
