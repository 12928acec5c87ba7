-- A name that people are grouped by: one value whatever its Unicode form; unknown is no value.
with cases (input, expected) as (
    values
    ('Dane', 'Dane'),
    (' Dane' || chr(160), 'Dane'),
    ('DANE', 'DANE'),
    -- One accented letter as one character and as two.
    ('Do' || chr(241) || 'a Ana', 'Do' || chr(241) || 'a Ana'),
    ('Don' || chr(771) || 'a Ana', 'Do' || chr(241) || 'a Ana'),
    ('Jose' || chr(769), 'Jos' || chr(233)),
    (' e' || chr(769) || chr(8203), chr(233)),
    -- Other forms of Unicode make other letters equal; this one does not.
    (chr(65313), chr(65313)),
    ('unknown', null),
    (' Unknown ', null),
    ('UNKNOWN', null),
    ('unknown party', 'unknown party'),
    ('', null),
    (chr(12288), null),
    (null, null)
),

computed as (
    select
        input,
        expected,
        {{ group_name('input') }} as actual
    from cases
)

select *
from computed
where
    actual is distinct from expected
    or {{ group_name('actual') }} is distinct from actual
