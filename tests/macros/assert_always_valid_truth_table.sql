-- How many standard errors an interval needs that is valid on every day: 5,000 planned units, alpha 0.05.
with cases (units, planned, alpha, expected) as (
    values
    (1000e0, 5000, 0.05e0, 3.363888e0),
    (5000e0, 5000, 0.05e0, 3.035209e0),
    (0e0, 5000, 0.05e0, null),
    (100e0, 0, 0.05e0, null)
),

rated as (
    select
        *,
        {{ always_valid_rate('planned', 'alpha') }} as rate
    from cases
),

computed as (
    select
        *,
        {{ always_valid_errors('units', 'rate', 'alpha') }} as actual
    from rated
)

select *
from computed
where
    (actual is null) <> (expected is null)
    or abs(actual - expected) > 1e-6
