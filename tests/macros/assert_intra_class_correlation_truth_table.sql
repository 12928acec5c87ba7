-- 0 if groups differ by no more than chance, if nothing varies, or if there is one group; 1 at most.
with cases (people, trials, squared_trials, mean, sum_of_squares, expected) as (
    values
    -- 10 and 50 of 100: (8 / 0.21 - 1) / 99.
    (2, 200, 20000, 0.3, 8, 0.374699374699375),
    (2, 200, 20000, 0.3, 0, 0),
    (2, 20, 200, 0.5, 5, 1),
    (2, 20, 200, 0.5, 50, 1),
    (1, 10, 100, 0.5, 0, 0),
    (2, 20, 200, 0, 0, 0),
    (2, 20, 200, 1, 0, 0),
    -- One trial each: the groups cannot be compared.
    (2, 2, 2, 0.5, 0.5, 0)
),

computed as (
    select
        people,
        trials,
        squared_trials,
        mean,
        sum_of_squares,
        expected,
        {{ intra_class_correlation(
            'people', 'cast(trials as double)', 'cast(squared_trials as double)', 'cast(mean as double)',
            'cast(sum_of_squares as double)'
        ) }} as actual
    from cases
)

select *
from computed
where
    actual is null
    or abs(actual - expected) > 1e-12
