-- What one group says about the correlation: negative if it lies nearer to the mean than chance alone would have it.
with cases (successes, trials, mean, expected) as (
    values
    -- z squared is (50 - 30)^2 / 21.
    (50, 100, 0.3, (400 / 21.0 / 0.4549364231195727 - 1) / 99),
    (10, 100, 0.3, (400 / 21.0 / 0.4549364231195727 - 1) / 99),
    -- On the mean: z is 0.
    (30, 100, 0.3, -1 / 99.0),
    -- Every trial of ten at a mean of a half: z squared is 10.
    (10, 10, 0.5, (10 / 0.4549364231195727 - 1) / 9),
    -- One trial says nothing about a correlation, and nothing varies at a mean of 0 or 1.
    (1, 1, 0.5, null),
    (0, 10, 0, null),
    (10, 10, 1, null)
),

computed as (
    select
        expected,
        {{ group_correlation(
            'cast(successes as double)', 'cast(trials as double)', 'cast(mean as double)'
        ) }} as actual
    from cases
)

select *
from computed
where
    (actual is null) <> (expected is null)
    or abs(actual - expected) > 1e-12
