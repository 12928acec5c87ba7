with voter_donations as (
    select * from {{ ref('fct_donation_voters') }}
),

summed_by_voter as (
    select
        state,
        svid,
        count(case when is_solicit_permitted then 1 end) as usable_gifts,
        cast(min(case when is_solicit_permitted then donated_at end) as date) as first_usable_gift_date,
        cast(max(case when is_solicit_permitted then donated_at end) as date) as last_usable_gift_date,
        count(case when not is_solicit_permitted then 1 end) as gifts_not_used,
        -- One gift from a source that permits it is enough: the voter is known from there, too.
        max(case when is_contact_permitted then 1 else 0 end) = 1 as is_contact_permitted,
        max(case when is_solicit_permitted then 1 else 0 end) = 1 as is_solicit_permitted
    from voter_donations
    where is_gift
    group by state, svid
)

select * from summed_by_voter
