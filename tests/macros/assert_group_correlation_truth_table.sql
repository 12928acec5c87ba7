-- How far a group lies from the mean, and what that says about the correlation: below 0 if the group lies nearer to the
-- mean than chance alone would have it.
with cases (successes, trials, mean, expected_z, expected) as (
    values
    -- z squared is (50 - 30)^2 / 21.
    (50, 100, 0.3, 400 / 21.0, (400 / 21.0 / 0.4549364231195727 - 1) / 99),
    (10, 100, 0.3, 400 / 21.0, (400 / 21.0 / 0.4549364231195727 - 1) / 99),
    -- On the mean: z is 0.
    (30, 100, 0.3, 0, -1 / 99.0),
    -- Every trial of ten at a mean of a half: z squared is 10.
    (10, 10, 0.5, 10, (10 / 0.4549364231195727 - 1) / 9),
    -- One trial says nothing about a correlation, and nothing varies at a mean of 0 or 1.
    (1, 1, 0.5, 1, null),
    (0, 10, 0, null, null),
    (10, 10, 1, null, null)
),

distanced as (
    select
        trials,
        expected_z,
        expected,
        {{ z_squared('cast(successes as double)', 'cast(trials as double)', 'cast(mean as double)') }} as actual_z
    from cases
),

computed as (
    select
        *,
        {{ group_correlation('actual_z', 'cast(trials as double)') }} as actual
    from distanced
)

select *
from computed
where
    (actual is null) <> (expected is null)
    or (actual_z is null) <> (expected_z is null)
    or abs(actual - expected) > 1e-12
    or abs(actual_z - expected_z) > 1e-12
