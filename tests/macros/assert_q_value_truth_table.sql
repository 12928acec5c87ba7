-- q-values of Benjamini and Hochberg, worked by hand: the least of p * tests / rank among this rank and those after it.
with cases (p_value, tests, p_rank, expected) as (
    values
    (0.01e0, 5, 1, 0.05e0),
    (0.02e0, 5, 2, 0.05e0),
    -- Ties: both ranks have the q of the later one.
    (0.3e0, 5, 3, 0.375e0),
    (0.3e0, 5, 4, 0.375e0),
    -- In binary fractions 0.91 * 5 / 5 is a hair less than 0.91.
    (0.91e0, 5, 5, 0.91e0)
),

computed as (
    select
        p_value,
        expected,
        {{ q_value('p_value', 'tests', 'p_rank') }} as actual
    from cases
)

select *
from computed
where
    actual is null
    or abs(actual - expected) > 1e-12
    or actual < p_value
