-- Trimmed text, otherwise unchanged; blank text gives NULL.
with cases (input, expected) as (
    values
    ('7', '7'),
    (' 7 ', '7'),
    ('0012', '0012'),
    ('A b', 'A b'),
    -- The first and the last printable character, and one beyond each.
    ('!', '!'),
    ('~', '~'),
    ('~7~', '~7~'),
    ('7' || chr(127), '7' || chr(127)),
    -- Blanks at one end only; inside they stay.
    (' 7', '7'),
    ('7' || chr(160), '7'),
    (chr(133) || '7', '7'),
    ('7' || chr(160) || '7', '7' || chr(160) || '7'),
    ('é7é', 'é7é'),
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
