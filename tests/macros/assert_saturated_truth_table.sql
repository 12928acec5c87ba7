-- 0 points and fewer are 0, the scale is 1 - 1/e, and no number is above 1 (F80).
with cases (points, scale, expected, expected_of_half) as (
    values
    (-5, 40, 0, null),
    (0, 40, 0, 0),
    (40, 40, 0.632120558828558, 0.5),
    (80, 40, 0.864664716763387, 0.75),
    (100000, 40, 1, 1),
    (null, 40, null, null)
),

computed as (
    select
        points,
        scale,
        expected,
        expected_of_half,
        {{ saturated('points', 'scale') }} as actual,
        case when points >= 0 then {{ half_saturated('points', 'scale') }} end as actual_of_half
    from cases
)

select *
from computed
where
    (actual is null) <> (expected is null)
    or abs(actual - expected) > 1e-12
    or (actual_of_half is null) <> (expected_of_half is null)
    or abs(actual_of_half - expected_of_half) > 1e-12
