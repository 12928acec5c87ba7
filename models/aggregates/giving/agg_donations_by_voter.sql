with voter_donations as (
    select * from {{ ref('fct_donation_voters') }}
),

summed_by_voter as (
    select
        state,
        svid,
        cast(sum(case when is_gift then 1 else 0 end) as bigint) as donation_count,
        cast(sum(amount) as decimal(18, 2)) as donation_amount,
        cast(max(case when is_gift then donated_at end) as date) as last_donation_date
    from voter_donations
    group by state, svid
)

select * from summed_by_voter
