-- p of chi-squared. The first four are sample ratios: 5100:4900 and 5200:4800 of 50/50, 8960:1040 of 90/10 and
-- 3100:3450:3450 of thirds. The others are the printed 5 percent points (NIST handbook, 1.3.6.7.4).
with cases (statistic, degrees, expected, tolerance) as (
    values
    (4.0e0, 1, 0.045500263896e0, 1e-9),
    (16.0e0, 1, 6.334248e-5, 1e-10),
    (1.7777777777777777e0, 1, 0.182422e0, 1e-6),
    (24.5e0, 2, 4.785117e-6, 1e-11),
    (0.0e0, 1, 1.0e0, 1e-12),
    (0.0e0, 4, 1.0e0, 1e-12),
    (3.841e0, 1, 0.05e0, 2e-5),
    (5.991e0, 2, 0.05e0, 2e-5),
    (7.815e0, 3, 0.05e0, 2e-5),
    (9.488e0, 4, 0.05e0, 2e-5),
    (11.070e0, 5, 0.05e0, 2e-5),
    (12.592e0, 6, 0.05e0, 2e-5),
    (14.067e0, 7, 0.05e0, 2e-5),
    (15.507e0, 8, 0.05e0, 2e-5),
    (16.919e0, 9, 0.05e0, 2e-5),
    (9.0e0, 0, null, 1e0),
    (9.0e0, 10, null, 1e0),
    (null, 1, null, 1e0)
),

rooted as (
    select
        *,
        {{ erfc_x('sqrt(statistic)') }} as x
    from cases
),

inverted as (
    select
        *,
        {{ erfc_t('x') }} as t
    from rooted
),

substituted as (
    select
        *,
        {{ erfc_u('t') }} as u
    from inverted
),

tested as (
    select
        *,
        {{ two_sided_p('x', 't', 'u') }} as normal_p
    from substituted
),

computed as (
    select
        statistic,
        degrees,
        expected,
        tolerance,
        {{ chi_squared_p('statistic', 'degrees', 'normal_p') }} as actual
    from tested
)

select *
from computed
where
    (actual is null) <> (expected is null)
    or abs(actual - expected) > tolerance
