-- White space of Unicode and zero-width characters are removed at both ends, and stay inside.
with cases (input, expected) as (
    values
    ('a', 'a'),
    ('  a b  ', 'a b'),
    (chr(9) || chr(10) || chr(11) || chr(12) || chr(13) || 'a' || chr(13) || chr(10), 'a'),
    -- Next line, no-break space, ogham space, em space, line and paragraph separators, ideographic space.
    (chr(133) || 'a' || chr(133), 'a'),
    (chr(160) || 'a' || chr(160), 'a'),
    (chr(5760) || 'a' || chr(8195), 'a'),
    (chr(8232) || 'a' || chr(8233), 'a'),
    (chr(8239) || chr(8287) || 'a' || chr(12288), 'a'),
    -- Zero-width: U+200B to U+200D, U+2060, U+FEFF.
    (chr(8203) || chr(8204) || 'a' || chr(8205), 'a'),
    (chr(65279) || 'a' || chr(8288), 'a'),
    (' ' || chr(8203) || ' a ' || chr(160) || ' ', 'a'),
    -- Inside they stay; a hyphen, an underscore and a dot are no space.
    ('a' || chr(160) || 'b', 'a' || chr(160) || 'b'),
    ('a' || chr(8203) || 'b', 'a' || chr(8203) || 'b'),
    ('-a_.', '-a_.'),
    (' ' || chr(160) || chr(8203), ''),
    ('', ''),
    (null, null)
),

computed as (
    select
        input,
        expected,
        {{ trimmed('input') }} as actual
    from cases
)

select *
from computed
where actual is distinct from expected
