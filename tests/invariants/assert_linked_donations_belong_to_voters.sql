-- A linked donation has at least one voter, its contact among them; an unlinked donation has none.
with donations as (
    select * from {{ ref('fct_donations') }}
    where link_method is not null
),

donation_voters as (
    select * from {{ ref('fct_donation_voters') }}
),

counted as (
    select
        coalesce(donations.donation_id, donation_voters.donation_id) as donation_id,
        count(donations.donation_id) as linked_rows,
        count(donation_voters.svid) as voters,
        count(
            case
                when
                    donations.contact_state = donation_voters.state
                    and donations.contact_svid = donation_voters.svid
                    then 1
            end
        ) as contacts
    from donations
    full outer join donation_voters
        on donations.donation_id = donation_voters.donation_id
    group by coalesce(donations.donation_id, donation_voters.donation_id)
)

select *
from counted
where
    linked_rows = 0
    or voters = 0
    or contacts <> 1
