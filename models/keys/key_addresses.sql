with voter_addresses as (
    select * from {{ ref('lnk_voter_address') }}
),

voter_numbers as (
    select * from {{ ref('key_voters') }}
),

engagement as (
    select * from {{ ref('agg_engagement_by_address') }}
),

-- Addresses follow their first voters, so that the rows of a voter lie together.
first_voters as (
    select
        voter_addresses.email_key,
        min(voter_numbers.voter_number) as first_voter_number
    from voter_addresses
    inner join voter_numbers
        on
            voter_addresses.state = voter_numbers.state
            and voter_addresses.svid = voter_numbers.svid
    group by voter_addresses.email_key
),

numbered as (
    select
        row_number() over (order by first_voters.first_voter_number, first_voters.email_key) as address_number,
        first_voters.email_key,
        first_voters.first_voter_number,
        coalesce(engagement.clicks, 0) as clicks,
        coalesce(engagement.opens, 0) as opens
    from first_voters
    -- Many addresses never got an e-mail.
    left join engagement
        on first_voters.email_key = engagement.email_key
)

select * from numbered
