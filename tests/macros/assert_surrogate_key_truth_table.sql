-- Equal columns have one key, whatever their types. The key changes when a value differs or moves to another column. A
-- missing value counts as an empty one.
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
