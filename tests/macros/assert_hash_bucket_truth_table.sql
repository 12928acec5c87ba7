-- Where units fall between 0 and 1: the values come from md5sum and bc, to 6 places.
with cases (salt, unit, expected) as (
    values
    ('subject_line_2026', 'WI:0012345', 0.103734),
    ('subject_line_2026', 'MN:2712345', 0.038989),
    ('subject_line_2026', 'WI:0012346', 0.478502),
    ('winback', 'WI:0012345', 0.854350),
    ('winback', 'A', 0.026687),
    ('winback', 'B', 0.099590),
    ('winback', 'C', 0.879240),
    ('winback', null, null)
),

computed as (
    select
        salt,
        unit,
        expected,
        {{ hash_bucket('salt', 'unit') }} as actual
    from cases
)

select *
from computed
where round(actual, 6) is distinct from cast(expected as double)
