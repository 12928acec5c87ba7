with donations as (
    select * from {{ ref('agg_donations_by_donation') }}
),

donation_voters as (
    select * from {{ ref('agg_donations_by_donation_voter') }}
),

voter_addresses as (
    select * from {{ ref('lnk_voter_address') }}
),

email_events as (
    select * from {{ ref('stg_outreach__email_events') }}
),

-- A gift's own address, and every used address of the voters it belongs to.
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

clicked as (
    select
        email_key,
        campaign_id,
        event_at
    from email_events
    where
        clicks > 0
        and not is_bot
        and campaign_id is not null
        and email_key in (select donation_addresses.email_key from donation_addresses)
),

-- Midnight sharp is a date without a time: then the click's date decides, else its time (F46).
touched as (
    select
        donation_addresses.donation_id,
        clicked.campaign_id,
        min(clicked.event_at) as first_click_at,
        max(clicked.event_at) as last_click_at,
        min({{ days_between('clicked.event_at', 'donation_addresses.donated_at') }}) as days_to_donation
    from donation_addresses
    inner join clicked
        on donation_addresses.email_key = clicked.email_key
    where
        (
            clicked.event_at <= donation_addresses.donated_at
            or (
                donation_addresses.donated_at = date_trunc('day', donation_addresses.donated_at)
                and cast(clicked.event_at as date) = cast(donation_addresses.donated_at as date)
            )
        )
        and {{ days_between('clicked.event_at', 'donation_addresses.donated_at') }}
        <= {{ var('attribution_window_days') | int }}
    group by donation_addresses.donation_id, clicked.campaign_id
)

select * from touched
