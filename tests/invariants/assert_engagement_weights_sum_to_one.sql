-- The engagement score covers 0 to 100 only if the weights of its components sum to 1 (F61). The component that decays
-- has a half-life; the others have a cap.
select
    round(sum(weight), 9) as weight,
    count(*) as components
from {{ ref('engagement_weights') }}
having
    round(sum(weight), 9) <> 1
    or count(case when component = 'recency' and half_life_days > 0 then 1 end) <> 1
    or count(
        case
            when
                component in ('frequency', 'depth', 'duration')
                and least_cap > 0
                and cap_percentile > 0
                and cap_percentile <= 1
                then 1
        end
    ) <> 3
    or count(*) <> 4
