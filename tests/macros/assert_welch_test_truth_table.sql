-- Welch's test from sums: t, p and the 95 percent interval. The first case is worked by hand from the means 12.5 and 10
-- and the deviations 30 and 28 of 1,000 units each; the second has no variation; the third a single unit.
with cases (mean_1, variance_1, units_1, mean_0, variance_0, units_0, t, p, low, high) as (
    values
    (12.5e0, 900e0, 1000, 10e0, 784e0, 1000, 1.926500e0, 0.054184e0, -0.044975e0, 5.044975e0),
    (10e0, 784e0, 1000, 12.5e0, 900e0, 1000, -1.926500e0, 0.054184e0, -5.044975e0, 0.044975e0),
    (5e0, 0e0, 100, 5e0, 0e0, 100, null, null, null, null),
    (5e0, null, 1, 5e0, 1e0, 100, null, null, null, null)
),

spread as (
    select
        *,
        mean_1 - mean_0 as difference,
        variance_1 / units_1 as error_1,
        variance_0 / units_0 as error_0
    from cases
),

tested as (
    select
        *,
        difference / nullif(sqrt(error_1 + error_0), 0) as actual_t,
        {{ welch_degrees('error_1', 'units_1', 'error_0', 'units_0') }} as degrees
    from spread
),

scaled as (
    select
        *,
        {{ erfc_x(z_of_t('actual_t', 'degrees')) }} as erfc_x,
        {{ t_of_z(z_of_95_percent(), 'degrees') }} * sqrt(error_1 + error_0) as margin
    from tested
),

inverted as (
    select
        *,
        {{ erfc_t('erfc_x') }} as erfc_t
    from scaled
),

substituted as (
    select
        *,
        {{ erfc_u('erfc_t') }} as erfc_u
    from inverted
),

computed as (
    select
        *,
        {{ two_sided_p('erfc_x', 'erfc_t', 'erfc_u') }} as actual_p
    from substituted
)

select *
from computed
where
    (actual_t is null) <> (t is null)
    or abs(actual_t - t) > 1e-6
    or (actual_p is null) <> (p is null)
    or abs(actual_p - p) > 1e-5
    or (margin is null) <> (low is null)
    or abs(difference - margin - low) > 1e-6
    or abs(difference + margin - high) > 1e-6
