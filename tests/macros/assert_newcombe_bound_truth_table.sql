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

shared as (
    select
        expected_low,
        expected_high,
        {{ share('successes_1', 'trials_1') }} as share_1,
        {{ share('successes_2', 'trials_2') }} as share_2,
        {{ sample_size('trials_1') }} as size_1,
        {{ sample_size('trials_2') }} as size_2
    from cases
),

bounded as (
    select
        expected_low,
        expected_high,
        share_1,
        share_2,
        {{ wilson_bound('share_1', 'size_1', '-') }} as low_1,
        {{ wilson_bound('share_1', 'size_1', '+') }} as high_1,
        {{ wilson_bound('share_2', 'size_2', '-') }} as low_2,
        {{ wilson_bound('share_2', 'size_2', '+') }} as high_2
    from shared
),

computed as (
    select
        expected_low,
        expected_high,
        share_1,
        share_2,
        {{ newcombe_bound('share_1', 'low_1', 'share_2', 'high_2', '-') }} as actual_low,
        {{ newcombe_bound('share_1', 'high_1', 'share_2', 'low_2', '+') }} as actual_high
    from bounded
)

select *
from computed
where
    round(actual_low, 4) is distinct from cast(expected_low as double)
    or round(actual_high, 4) is distinct from cast(expected_high as double)
