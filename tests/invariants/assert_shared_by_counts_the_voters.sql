-- The number of voters that a used address or phone states is the number of voters who have it; a used address has one
-- first voter.
with voter_addresses as (
    select * from {{ ref('lnk_voter_address') }}
),

voter_phones as (
    select * from {{ ref('lnk_voter_phone') }}
),

counted as (
    select
        email_key as identifier,
        count(*) as voters,
        min(shared_by) as least_shared_by,
        max(shared_by) as most_shared_by,
        count(case when is_first_voter then 1 end) as first_voters
    from voter_addresses
    group by email_key
    union all
    select
        phone_key as identifier,
        count(*) as voters,
        min(shared_by) as least_shared_by,
        max(shared_by) as most_shared_by,
        1 as first_voters
    from voter_phones
    group by phone_key
)

select *
from counted
where
    voters <> least_shared_by
    or voters <> most_shared_by
    or first_voters <> 1
