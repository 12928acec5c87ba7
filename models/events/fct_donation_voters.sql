with donations as (
    select * from {{ ref('fct_donations') }}
),

voter_addresses as (
    select * from {{ ref('lnk_voter_address') }}
),

voter_phones as (
    select * from {{ ref('lnk_voter_phone') }}
),

united as (
    select
        donations.donation_id,
        donations.contact_hash,
        voter_addresses.state,
        voter_addresses.svid,
        donations.donated_at,
        donations.amount,
        donations.donation_source,
        donations.is_contact_permitted,
        donations.is_solicit_permitted,
        donations.is_gift
    from donations
    inner join voter_addresses
        on donations.email_key = voter_addresses.email_key
    where donations.link_method = 'email'
    union all
    select
        donations.donation_id,
        donations.contact_hash,
        voter_phones.state,
        voter_phones.svid,
        donations.donated_at,
        donations.amount,
        donations.donation_source,
        donations.is_contact_permitted,
        donations.is_solicit_permitted,
        donations.is_gift
    from donations
    inner join voter_phones
        on donations.phone_key = voter_phones.phone_key
    where
        donations.link_method = 'phone'
        and voter_phones.is_used
)

select * from united
