-- Half after each half-life; NULL without a number of days.
with cases (days, half_life_days, expected) as (
    values
    (0, 60, 1),
    (60, 60, 0.5),
    (120, 60, 0.25),
    (480, 60, 0.00390625),
    (1, 1, 0.5),
    (null, 60, null)
),

computed as (
    select
        days,
        half_life_days,
        expected,
        {{ decayed('days', 'half_life_days') }} as actual
    from cases
)

select *
from computed
where
    (actual is null) <> (expected is null)
    or abs(actual - expected) > 1e-12
