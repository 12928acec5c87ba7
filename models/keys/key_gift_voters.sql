with donation_voters as (
    select * from {{ ref('fct_donation_voters') }}
),

voter_numbers as (
    select * from {{ ref('key_voters') }}
),

numbered as (
    select
        voter_numbers.voter_number,
        dense_rank() over (order by donation_voters.donation_id) as gift_number,
        dense_rank() over (order by donation_voters.contact_hash) as contact_number,
        donation_voters.donation_id
    from donation_voters
    inner join voter_numbers
        on
            donation_voters.state = voter_numbers.state
            and donation_voters.svid = voter_numbers.svid
    where donation_voters.is_gift
)

select * from numbered
