-- One key for one set of columns, whatever their types; another key as soon as one of them differs or
-- moves to the next column; a missing value is like an empty one.
with cases (first_column, second_column, expected) as (
    values
    ('a', 1, md5('a' || chr(31) || '1')),
    ('a', null, md5('a' || chr(31))),
    (null, 1, md5(chr(31) || '1')),
    ('', 1, md5(chr(31) || '1')),
    (null, null, md5(chr(31))),
    ('a1', null, md5('a1' || chr(31)))
),

computed as (
    select
        first_column,
        second_column,
        expected,
        {{ surrogate_key(['first_column', 'second_column']) }} as actual
    from cases
)

select *
from computed
where actual is distinct from expected
