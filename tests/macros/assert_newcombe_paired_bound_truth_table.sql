-- The 95 percent interval of a difference of paired proportions. The first row is the example of Fagerland, Lydersen
-- and Laake (2014, Statistics in Medicine 33, 2850-2875), -0.507 to -0.026; the second is that row with sides
-- exchanged; the others were computed by hand from the formula.
with cases (both_yes, first_only, second_only, neither, expected_low, expected_high) as (
    values
    (1, 1, 7, 12, -0.5069, -0.0256),
    (1, 7, 1, 12, 0.0256, 0.5069),
    (59, 6, 16, 80, -0.1186, -0.0046),
    (0, 3, 3, 4, -0.4229, 0.4229),
    (2, 1, 0, 1, -0.3196, 0.6553),
    (0, 0, 0, 8, -0.3244, 0.3244),
    (5, 0, 0, 0, -0.4345, 0.4345),
    (0, 0, 0, 0, null, null)
),

shared as (
    select
        *,
        {{ share('both_yes + first_only', 'both_yes + first_only + second_only + neither') }} as share_1,
        {{ share('both_yes + second_only', 'both_yes + first_only + second_only + neither') }} as share_2,
        {{ sample_size('both_yes + first_only + second_only + neither') }} as pairs,
        {{ paired_correlation('both_yes', 'first_only', 'second_only', 'neither') }} as correlation
    from cases
),

bounded as (
    select
        *,
        {{ wilson_bound('share_1', 'pairs', '-') }} as low_1,
        {{ wilson_bound('share_1', 'pairs', '+') }} as high_1,
        {{ wilson_bound('share_2', 'pairs', '-') }} as low_2,
        {{ wilson_bound('share_2', 'pairs', '+') }} as high_2
    from shared
),

computed as (
    select
        *,
        {{ newcombe_paired_bound('share_1', 'low_1', 'share_2', 'high_2', 'correlation', '-') }} as actual_low,
        {{ newcombe_paired_bound('share_1', 'high_1', 'share_2', 'low_2', 'correlation', '+') }} as actual_high
    from bounded
)

select *
from computed
where
    round(actual_low, 4) is distinct from cast(expected_low as double)
    or round(actual_high, 4) is distinct from cast(expected_high as double)
