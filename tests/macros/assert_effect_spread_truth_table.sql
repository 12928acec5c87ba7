-- Variance, covariance, ratio and the factor of CUPED from sums, worked by hand. Units (x, y): (1, 2), (2, 3), (3, 7):
-- sums 6 and 12, squares 14 and 62, products 29. So variance(x) = 1, variance(y) = 7, covariance = 2.5. The ratio y/x
-- is 2, its variance per unit (7 - 2 * 2 * 2.5 + 4 * 1) / 2^2 = 0.25. The factor is 2.5, the rest 7 - 2.5^2 = 0.75.
with cases (units, sum_x, sum_y, squares_x, squares_y, products) as (
    values (3, 6e0, 12e0, 14e0, 62e0, 29e0), (1, 6e0, 12e0, 36e0, 144e0, 72e0), (2, 2e0, 3e0, 2e0, 5e0, 3e0)
),

spread as (
    select
        *,
        sum_y / sum_x as ratio,
        sum_x / units as mean_x,
        {{ sample_variance('sum_x', 'squares_x', 'units') }} as variance_x,
        {{ sample_variance('sum_y', 'squares_y', 'units') }} as variance_y,
        {{ sample_covariance('sum_x', 'sum_y', 'products', 'units') }} as covariance
    from cases
),

computed as (
    select
        *,
        {{ ratio_variance('ratio', 'mean_x', 'variance_y', 'variance_x', 'covariance') }} as ratio_variance,
        {{ cuped_factor('covariance', 'variance_x') }} as factor
    from spread
),

reduced as (
    select
        *,
        {{ cuped_variance('variance_y', 'variance_x', 'covariance', 'factor') }} as rest
    from computed
)

-- One unit has no variance; a metric that did not vary before the exposure takes nothing off.
select *
from reduced
where
    (
        units = 3
        and abs(variance_x - 1) + abs(variance_y - 7) + abs(covariance - 2.5) + abs(ratio_variance - 0.25)
        + abs(factor - 2.5) + abs(rest - 0.75) > 1e-9
    )
    or (units = 1 and not (variance_x is null and covariance is null and factor = 0))
    or (units = 2 and not (variance_x = 0 and factor = 0 and rest = variance_y))
