-- A heading, lower case; text that may name somebody gives NULL (F89).
with cases (input, expected) as (
    values
    (' Health Care ', 'health care'),
    ('Budget 2026', 'budget 2026'),
    ('Énergie', 'énergie'),
    ('ann@x.org', null),
    ('write to ann@x.org today', null),
    ('call 608-2345670', null),
    ('id 12345', null),
    ('1234 and 5678', '1234 and 5678'),
    (repeat('x', 60), repeat('x', 60)),
    (repeat('x', 61), null),
    (' ', null),
    (null, null)
),

computed as (
    select
        input,
        expected,
        {{ topic_text('input') }} as actual
    from cases
)

select *
from computed
where actual is distinct from expected
