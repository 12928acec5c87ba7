-- p after Holm beside q after Benjamini and Hochberg, within families. 0.01 0.04 0.03 0.005 give 0.03 0.06 0.06 0.02.
with cases (family, p_value, tests, p_rank, expected_p, expected_q) as (
    values
    ('four', 0.01e0, 4, 2, 0.03e0, 0.02e0),
    ('four', 0.04e0, 4, 4, 0.06e0, 0.04e0),
    ('four', 0.03e0, 4, 3, 0.06e0, 0.04e0),
    ('four', 0.005e0, 4, 1, 0.02e0, 0.02e0),
    ('one', 0.02e0, 1, 1, 0.02e0, 0.02e0),
    ('never above one', 0.6e0, 2, 1, 1e0, 0.7e0),
    ('never above one', 0.7e0, 2, 2, 1e0, 0.7e0)
),

computed as (
    select
        family,
        p_value,
        expected_p,
        expected_q,
        {{ holm_p('p_value', 'tests', 'p_rank', ['family']) }} as actual_p,
        {{ q_value('p_value', 'tests', 'p_rank', ['family']) }} as actual_q
    from cases
)

select *
from computed
where
    actual_p is null
    or abs(actual_p - expected_p) > 1e-12
    or actual_q is null
    or abs(actual_q - expected_q) > 1e-12
