-- The 95 percent interval of a difference. The rows are those of Newcombe (1998, Statistics in Medicine
-- 17, 873-890, table II, method 10), to the 4 places that are printed; and the first with sides exchanged.
with cases (successes_1, trials_1, successes_2, trials_2, expected_low, expected_high) as (
    values
    (56, 70, 48, 80, 0.0524, 0.3339),
    (9, 10, 3, 10, 0.1705, 0.8090),
    (10, 10, 0, 20, 0.6791, 1.0),
    (0, 10, 0, 20, -0.1611, 0.2775),
    (48, 80, 56, 70, -0.3339, -0.0524),
    (0, 0, 3, 10, null, null),
    (3, 10, 0, 0, null, null)
),

computed as (
    select
        successes_1,
        trials_1,
        successes_2,
        trials_2,
        expected_low,
        expected_high,
        {{ newcombe_bound('successes_1', 'trials_1', 'successes_2', 'trials_2', '-') }} as actual_low,
        {{ newcombe_bound('successes_1', 'trials_1', 'successes_2', 'trials_2', '+') }} as actual_high
    from cases
)

select *
from computed
where
    round(actual_low, 4) is distinct from cast(expected_low as double)
    or round(actual_high, 4) is distinct from cast(expected_high as double)
