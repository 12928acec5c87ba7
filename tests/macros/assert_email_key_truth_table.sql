-- An address gives its key, or a reason: blank, placeholder, non_ascii_domain or malformed. The key is computed in two
-- steps, as the models do.
with cases (input, expected_key, expected_reason) as (
    values
    ('ann@x.org', 'ann@x.org', null),
    (' Ann@X.Org ', 'ann@x.org', null),
    (chr(160) || 'ann@x.org' || chr(8203), 'ann@x.org', null),
    (chr(65279) || 'ann@x.org' || chr(10), 'ann@x.org', null),
    -- Plus-tags and dots stay; every character that may stand in a local part.
    ('ann+news@x.org', 'ann+news@x.org', null),
    ('a.n.n@x.org', 'a.n.n@x.org', null),
    ('a!#$%&''*+/=?^_{|}~-`z@x.org', 'a!#$%&''*+/=?^_{|}~-`z@x.org', null),
    ('-@x.org', '-@x.org', null),
    -- Local part of 64 characters and of 65.
    (repeat('a', 64) || '@x.org', repeat('a', 64) || '@x.org', null),
    (repeat('a', 65) || '@x.org', null, 'malformed'),
    -- 254 characters in all, and 255.
    (repeat('a', 64) || '@' || repeat('b.', 93) || 'org', repeat('a', 64) || '@' || repeat('b.', 93) || 'org', null),
    (repeat('a', 64) || '@' || repeat('b.', 93) || 'orgs', null, 'malformed'),
    -- A label of the domain has 63 characters at most, wherever it stands.
    ('ann@' || repeat('b', 63) || '.org', 'ann@' || repeat('b', 63) || '.org', null),
    ('ann@' || repeat('b', 64) || '.org', null, 'malformed'),
    ('ann@x.' || repeat('b', 63) || '.org', 'ann@x.' || repeat('b', 63) || '.org', null),
    ('ann@x.' || repeat('b', 64) || '.org', null, 'malformed'),
    ('ann@x.' || repeat('b', 63), 'ann@x.' || repeat('b', 63), null),
    ('ann@x.' || repeat('b', 64), null, 'malformed'),
    ('ann@x.xn--' || repeat('b', 60), null, 'malformed'),
    (' ANN@' || repeat('B', 64) || '.org ', null, 'malformed'),
    -- Dots: leading, trailing, double.
    ('.ann@x.org', null, 'malformed'),
    ('ann.@x.org', null, 'malformed'),
    ('a..n@x.org', null, 'malformed'),
    ('@x.org', null, 'malformed'),
    -- Exactly one at sign.
    ('ann', null, 'malformed'),
    ('ann@', null, 'malformed'),
    ('a@n@x.org', null, 'malformed'),
    ('ann@@x.org', null, 'malformed'),
    -- At least two labels, none empty, no hyphen at an end of one.
    ('ann@x', null, 'malformed'),
    ('ann@mail.x-1.org', 'ann@mail.x-1.org', null),
    ('ann@1.org', 'ann@1.org', null),
    ('ann@x--y.org', 'ann@x--y.org', null),
    ('ann@x..org', null, 'malformed'),
    ('ann@.org', null, 'malformed'),
    ('ann@x.org.', null, 'malformed'),
    ('ann@-x.org', null, 'malformed'),
    ('ann@x-.org', null, 'malformed'),
    ('ann@x_y.org', null, 'malformed'),
    -- Last label: two letters or more, or xn--.
    ('ann@x.io', 'ann@x.io', null),
    ('ann@x.o', null, 'malformed'),
    ('ann@x.o1', null, 'malformed'),
    ('ann@x.123', null, 'malformed'),
    ('ann@x.o-g', null, 'malformed'),
    ('ann@x.xn--p1ai', 'ann@x.xn--p1ai', null),
    ('ann@xn--80ak.xn--p1ai', 'ann@xn--80ak.xn--p1ai', null),
    ('ann@x.xn--', null, 'malformed'),
    ('ann@x.xn--p1-', null, 'malformed'),
    -- Spaces within, other characters, several addresses, a name around it.
    ('an n@x.org', null, 'malformed'),
    ('ann@x .org', null, 'malformed'),
    ('ann' || chr(8203) || '@x.org', null, 'malformed'),
    ('änn@x.org', null, 'malformed'),
    -- A domain beyond ASCII; its xn-- form is valid.
    ('ann@bücher.example', null, 'non_ascii_domain'),
    (' Ann@BÜCHER.example' || chr(160), null, 'non_ascii_domain'),
    ('ann@пример.рф', null, 'non_ascii_domain'),
    ('ann@x' || chr(12290) || 'org', null, 'non_ascii_domain'),
    ('ann@xn--bcher-kva.example', 'ann@xn--bcher-kva.example', null),
    ('bücher.example', null, 'malformed'),
    ('@bücher.example', null, 'malformed'),
    ('ann@bob@bücher.example', null, 'malformed'),
    ('ann@bücher .example', null, 'malformed'),
    ('ann@x' || chr(8203) || '.org', null, 'malformed'),
    ('"ann"@x.org', null, 'malformed'),
    ('ann,bob@x.org', null, 'malformed'),
    ('ann@x.org;bob@x.org', null, 'malformed'),
    ('ann <ann@x.org>', null, 'malformed'),
    ('ann@[127.0.0.1]', null, 'malformed'),
    -- Placeholders, in any case and with spaces.
    ('none', null, 'placeholder'),
    (' N/A ', null, 'placeholder'),
    ('NULL', null, 'placeholder'),
    ('None@None.com', null, 'placeholder'),
    ('no@email.com', null, 'placeholder'),
    ('noemail@noemail.com', null, 'placeholder'),
    ('test@test.com', null, 'placeholder'),
    ('na@na.com', null, 'placeholder'),
    ('unknown@unknown.com', null, 'placeholder'),
    ('test@test.org', 'test@test.org', null),
    ('', null, 'blank'),
    (' ' || chr(160) || chr(8203), null, 'blank'),
    (null, null, 'blank')
),

well_formed as (
    select
        input,
        expected_key,
        expected_reason,
        {{ well_formed_email('input') }} as well_formed_email
    from cases
),

keyed as (
    select
        input,
        expected_key,
        expected_reason,
        {{ email_key('well_formed_email') }} as actual_key
    from well_formed
),

reasoned as (
    select
        input,
        expected_key,
        expected_reason,
        actual_key,
        case when actual_key is null then {{ missing_email_reason('actual_key', 'input') }} end as actual_reason
    from keyed
)

select *
from reasoned
where
    actual_key is distinct from expected_key
    or actual_reason is distinct from expected_reason
    -- Normalising a key again changes nothing (F07).
    or {{ well_formed_email('actual_key') }} is distinct from actual_key
    -- The first look for a key finds whatever has it.
    or coalesce({{ email_lookup('input') }}, '') <> actual_key
