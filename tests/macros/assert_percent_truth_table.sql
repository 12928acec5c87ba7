-- Unrounded percent, which statuses compare; NULL if the denominator is 0.
with cases (numerator, denominator, expected) as (
    values
    (1, 8, 12.5),
    (1, 800, 0.125),
    (1, 6400, 0.015625),
    (7, 2, 350),
    (0, 5, 0),
    (5, 0, null),
    (null, 5, null)
),

computed as (
    select
        numerator,
        denominator,
        expected,
        {{ percent('numerator', 'denominator') }} as actual
    from cases
)

select *
from computed
where actual is distinct from cast(expected as double)
