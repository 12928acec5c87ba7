-- z of the pooled two-proportion test; NULL if nothing varies or a side is empty.
with cases (successes_1, trials_1, successes_2, trials_2, expected) as (
    values
    -- p = 104/150 pooled: 0.2 / sqrt(0.69333 * 0.30667 * (1/70 + 1/80)).
    (56, 70, 48, 80, 2.650171951),
    (48, 80, 56, 70, -2.650171951),
    (5, 10, 50, 100, 0.0),
    -- 4 of 4 against 26 of 96.
    (4, 4, 26, 96, 3.118047822),
    (0, 10, 0, 20, null),
    (10, 10, 20, 20, null),
    (3, 10, 0, 0, null),
    (0, 0, 3, 10, null)
),

computed as (
    select
        successes_1,
        trials_1,
        successes_2,
        trials_2,
        expected,
        {{ pooled_z('successes_1', 'trials_1', 'successes_2', 'trials_2') }} as actual
    from cases
)

select *
from computed
where
    (actual is null) <> (expected is null)
    or abs(actual - expected) > 1e-8
