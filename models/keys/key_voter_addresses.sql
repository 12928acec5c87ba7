with voter_addresses as (
    select * from {{ ref('lnk_voter_address') }}
),

voter_numbers as (
    select * from {{ ref('key_voters') }}
),

address_numbers as (
    select * from {{ ref('key_addresses') }}
),

numbered as (
    select
        voter_numbers.voter_number,
        address_numbers.address_number,
        address_numbers.clicks,
        address_numbers.opens
    from voter_addresses
    inner join voter_numbers
        on
            voter_addresses.state = voter_numbers.state
            and voter_addresses.svid = voter_numbers.svid
    inner join address_numbers
        on voter_addresses.email_key = address_numbers.email_key
)

select * from numbered
