-- A part of a whole, 0 to 1, unrounded; NULL if the whole is 0.
with cases (part, whole, expected) as (
    values
    (1, 8, 0.125),
    (3, 4, 0.75),
    (0, 4, 0),
    (4, 4, 1),
    (1, 64, 0.015625),
    (0, 0, null),
    (1, 0, null),
    (null, 4, null)
),

computed as (
    select
        part,
        whole,
        expected,
        {{ share('part', 'whole') }} as actual
    from cases
)

select *
from computed
where actual is distinct from cast(expected as double)
