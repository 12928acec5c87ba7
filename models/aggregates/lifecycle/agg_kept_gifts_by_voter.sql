with voter_donations as (
    select * from {{ ref('fct_donation_voters') }}
),

rules as (
    select * from {{ lifecycle_rules() }} as lifecycle_rules
),

-- A refund takes back the last earlier gift of the same amount that is still there (F97). Gifts and refunds of one
-- amount match like brackets: a gift is kept where the balance never falls below its own afterwards.
balanced as (
    select
        *,
        {{ days_between('donated_at', as_of_date()) }} as days_ago,
        sum(case when is_gift then 1 else -1 end) over (
            partition by state, svid, abs(amount)
            order by donated_at, case when is_gift then 0 else 1 end, donation_id
            rows between unbounded preceding and current row
        ) as balance
    from voter_donations
),

matched as (
    select
        *,
        coalesce(min(balance) over (
            partition by state, svid, abs(amount)
            order by donated_at, case when is_gift then 0 else 1 end, donation_id
            rows between 1 following and unbounded following
        ) >= balance, true) as is_not_taken_back
    from balanced
),

-- A partial refund lowers the sum and leaves the gift. If refunds leave a sum of 0 or less, no gift is kept.
marked as (
    select
        *,
        is_gift and is_not_taken_back and (
            coalesce(sum(amount) over (partition by state, svid), 1) > 0
            or min(case when is_gift then 1 else 0 end) over (partition by state, svid) = 1
        ) as is_kept
    from matched
),

spaced as (
    select
        *,
        lag(days_ago) over (
            partition by state, svid, is_kept
            order by donated_at, donation_id
        ) - days_ago as days_since_previous
    from marked
),

summed as (
    select
        spaced.state,
        spaced.svid,
        count(case when spaced.is_kept then 1 end) as gifts_kept,
        cast(sum(spaced.amount) as decimal(18, 2)) as donation_amount,
        cast(sum(case when spaced.days_ago <= 365 then spaced.amount end) as decimal(18, 2)) as donation_amount_year,
        max(case when spaced.is_kept then spaced.days_ago end) as days_since_first_gift,
        min(case when spaced.is_kept then spaced.days_ago end) as days_since_last_gift,
        max(
            case
                when
                    spaced.is_kept
                    and spaced.days_ago <= rules.donor_active
                    and spaced.days_since_previous > rules.donor_lapsing
                    then 1
                else 0
            end
        ) = 1 as has_returned
    from spaced
    cross join rules
    group by spaced.state, spaced.svid
),

staged as (
    select
        summed.*,
        case
            when summed.gifts_kept = 0 then 'non_donor'
            when summed.donation_amount > rules.high_value_total then 'high_value'
            when summed.gifts_kept = 1 then 'first_time'
            else 'repeat'
        end as giving_behavior,
        case
            when summed.gifts_kept = 0 then 'never'
            when summed.days_since_last_gift > rules.donor_lapsing then 'lapsed'
            when summed.days_since_last_gift > rules.donor_active then 'lapsing'
            when summed.days_since_first_gift <= rules.donor_new then 'new'
            when summed.has_returned then 'returned'
            else 'active'
        end as donor_stage,
        case
            when summed.gifts_kept > 0 and summed.donation_amount > rules.high_value_total
                then
                    'gave ' || cast(summed.donation_amount as varchar) || ' dollars in '
                    || {{ counted_noun('summed.gifts_kept', "'gift'", "'gifts'") }}
            when summed.gifts_kept > 0 and summed.donation_amount_year > rules.high_value_year
                then 'gave ' || cast(summed.donation_amount_year as varchar) || ' dollars within a year'
        end as high_value_reason
    from summed
    cross join rules
)

select * from staged
