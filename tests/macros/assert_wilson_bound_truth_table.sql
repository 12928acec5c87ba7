-- The 95 percent score interval, z = 1.96. The first four rows are those of Newcombe (1998, Statistics in
-- Medicine 17, 857-872, table I, method 3), to the 4 places that are printed.
with cases (successes, trials, expected_low, expected_high) as (
    values
    (81, 263, 0.2553, 0.3662),
    (15, 148, 0.0624, 0.1605),
    (0, 20, 0.0, 0.1611),
    (1, 29, 0.0061, 0.1718),
    (20, 20, 0.8389, 1.0),
    (5, 10, 0.2366, 0.7634),
    -- More successes than trials are capped at 1.
    (25, 20, 0.8389, 1.0),
    (0, 0, null, null)
),

proportioned as (
    select
        successes,
        trials,
        expected_low,
        expected_high,
        {{ proportion('successes', 'trials') }} as proportion,
        {{ sample_size('trials') }} as sample_size
    from cases
),

computed as (
    select
        successes,
        trials,
        expected_low,
        expected_high,
        {{ wilson_bound('proportion', 'sample_size', '-') }} as actual_low,
        {{ wilson_bound('proportion', 'sample_size', '+') }} as actual_high
    from proportioned
)

select *
from computed
where
    round(actual_low, 4) is distinct from cast(expected_low as double)
    or round(actual_high, 4) is distinct from cast(expected_high as double)
