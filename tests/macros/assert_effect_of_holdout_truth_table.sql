-- Treated against held out: the Newcombe interval, the ratio with Katz's interval and the smallest visible effect.
with cases (
    successes_1, trials_1, successes_0, trials_0, difference, low, high, ratio_low, ratio_high
) as (
    values
    (450, 9000, 40, 1000, 0.010000, -0.004659, 0.021493, 0.910678, 1.715754),
    (736, 33396, 298, 16687, 0.004180, 0.001569, 0.006685, 1.080091, 1.410037),
    (120, 4500, 9, 500, 0.008667, -0.007763, 0.018594, 0.757293, 2.898200),
    (5, 100, 0, 100, 0.050000, 0.003328, 0.111750, null, null)
),

shared as (
    select
        *,
        {{ share('successes_1', 'trials_1') }} as share_1,
        {{ share('successes_0', 'trials_0') }} as share_0,
        {{ sample_size('trials_1') }} as size_1,
        {{ sample_size('trials_0') }} as size_0,
        {{ smallest_effect('0.03e0 * 0.97e0', '9000', '1000') }} as smallest
    from cases
),

bounded as (
    select
        *,
        {{ wilson_bound('share_1', 'size_1', '-', z_of_95_percent()) }} as low_1,
        {{ wilson_bound('share_1', 'size_1', '+', z_of_95_percent()) }} as high_1,
        {{ wilson_bound('share_0', 'size_0', '-', z_of_95_percent()) }} as low_0,
        {{ wilson_bound('share_0', 'size_0', '+', z_of_95_percent()) }} as high_0
    from shared
),

computed as (
    select
        *,
        share_1 - share_0 as actual_difference,
        {{ newcombe_bound('share_1', 'low_1', 'share_0', 'high_0', '-') }} as actual_low,
        {{ newcombe_bound('share_1', 'high_1', 'share_0', 'low_0', '+') }} as actual_high,
        {{ katz_bound('successes_1', 'trials_1', 'successes_0', 'trials_0', '-') }} as actual_ratio_low,
        {{ katz_bound('successes_1', 'trials_1', 'successes_0', 'trials_0', '+') }} as actual_ratio_high
    from bounded
)

select *
from computed
where
    round(actual_difference, 6) is distinct from cast(difference as double)
    or round(actual_low, 6) is distinct from cast(low as double)
    or round(actual_high, 6) is distinct from cast(high as double)
    or round(actual_ratio_low, 6) is distinct from cast(ratio_low as double)
    or round(actual_ratio_high, 6) is distinct from cast(ratio_high as double)
    or round(smallest, 6) is distinct from cast(0.015930 as double)
