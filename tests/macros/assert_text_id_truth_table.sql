-- Trimmed text, nothing else changed; what is blank is no id.
with cases (input, expected) as (
    values
    ('7', '7'),
    (' 7 ', '7'),
    ('0012', '0012'),
    ('A b', 'A b'),
    (chr(160) || '7' || chr(8203), '7'),
    ('', null),
    ('   ', null),
    (chr(12288) || chr(65279), null),
    (null, null)
),

computed as (
    select
        input,
        expected,
        {{ text_id('input') }} as actual
    from cases
)

select *
from computed
where actual is distinct from expected
