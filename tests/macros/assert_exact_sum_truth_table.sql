-- Sums and means have the same last digits in any order of adding. As doubles, 0.1 + 0.2 + 0.3 is greater than
-- 0.3 + 0.2 + 0.1.
with cases (case_name, position, value) as (
    values
    ('rising', 1, 0.1),
    ('rising', 2, 0.2),
    ('rising', 3, 0.3),
    ('falling', 1, 0.3),
    ('falling', 2, 0.2),
    ('falling', 3, 0.1),
    ('with a gap', 1, 0.2),
    ('with a gap', 2, null),
    ('with a gap', 3, 0.4),
    ('thirds', 1, 1 / 3.0),
    ('thirds', 2, 1 / 3.0),
    ('thirds', 3, 1 / 3.0),
    ('nothing', 1, null)
),

ordered as (
    select
        case_name,
        cast(value as double) as value
    from cases
    order by
        case_name,
        position
),

computed as (
    select
        case_name,
        {{ exact_sum('value', 9) }} as exact_sum,
        {{ exact_mean('value', 9) }} as exact_mean
    from ordered
    group by case_name
),

expected (case_name, expected_sum, expected_count) as (
    values
    ('rising', 0.6, 3),
    ('falling', 0.6, 3),
    ('with a gap', 0.6, 2),
    ('thirds', 0.999999999, 3),
    ('nothing', null, null)
)

select *
from computed
inner join expected
    on computed.case_name = expected.case_name
where
    computed.exact_sum is distinct from cast(expected.expected_sum as double)
    or computed.exact_mean is distinct from cast(expected.expected_sum as double) / expected.expected_count
