-- A segment of every fifth voter: shares lie in 0-1 and sum to 1 over the values of an attribute, the
-- difference lies in its interval, a correction never makes p smaller, and a flag needs both conditions.
with answered as (
    select *
    from {{ ref('segment_deviation') }}((
        select list({{ voter_text('numbered.state', 'numbered.svid') }})
        from (
            select
                voters.state,
                voters.svid,
                row_number() over (order by voters.state, voters.svid) as voter_number
            from {{ ref('lnk_voter') }} as voters
        ) as numbered
        where numbered.voter_number % 5 = 0
    ))
),

summed_by_attribute as (
    select
        attribute,
        sum(segment_share) as segment_share,
        sum(baseline_share) as baseline_share
    from answered
    group by attribute
)

select
    answered.attribute,
    answered.value,
    answered.segment_share,
    answered.difference,
    answered.p_value,
    answered.q_value
from answered
inner join summed_by_attribute
    on answered.attribute = summed_by_attribute.attribute
where
    abs(summed_by_attribute.segment_share - 1) > 1e-9
    or abs(summed_by_attribute.baseline_share - 1) > 1e-9
    or answered.segment_share not between 0 and 1
    or answered.baseline_share not between 0 and 1
    or answered.difference not between answered.ci_low and answered.ci_high
    or answered.p_value not between 0 and 1
    or answered.q_value not between answered.p_value and 1
    or answered.is_flagged <> (round(abs(answered.difference), 12) >= 0.1 and answered.q_value <= 0.05)
