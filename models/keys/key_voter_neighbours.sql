with voter_addresses as (
    select * from {{ ref('key_voter_addresses') }}
),

voter_phones as (
    select * from {{ ref('lnk_voter_phone') }}
),

voter_numbers as (
    select * from {{ ref('key_voters') }}
),

numbered_phones as (
    select
        voter_numbers.voter_number,
        voter_phones.phone_key
    from voter_phones
    inner join voter_numbers
        on
            voter_phones.state = voter_numbers.state
            and voter_phones.svid = voter_numbers.svid
    where voter_phones.is_used
),

-- At most 5 voters share a used address or phone (rules address_hub and phone_hub), so there are few pairs.
paired as (
    select
        voter_addresses.voter_number,
        others.voter_number as neighbour_number
    from voter_addresses
    inner join voter_addresses as others
        on voter_addresses.address_number = others.address_number
    where voter_addresses.voter_number <> others.voter_number
    union
    select
        numbered_phones.voter_number,
        others.voter_number as neighbour_number
    from numbered_phones
    inner join numbered_phones as others
        on numbered_phones.phone_key = others.phone_key
    where numbered_phones.voter_number <> others.voter_number
)

select * from paired
