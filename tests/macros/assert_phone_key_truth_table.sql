-- A phone gives its ten digits, or a reason.
with cases (input, expected_key, expected_reason) as (
    values
    ('6082345678', '6082345678', null),
    (' 6082345678 ', '6082345678', null),
    (chr(160) || '6082345678' || chr(8203), '6082345678', null),
    ('(608) 234-5678', '6082345678', null),
    ('608.234.5678', '6082345678', null),
    ('608 234' || chr(160) || '5678', '6082345678', null),
    -- Eleven digits lose a leading 1, and only that.
    ('16082345678', '6082345678', null),
    ('+1 (608) 234-5678', '6082345678', null),
    ('1-608-234-5678', '6082345678', null),
    ('26082345678', null, 'malformed'),
    ('116082345678', null, 'malformed'),
    -- A country code: a plus, 00 or 011 at the start goes, and then only 1 is North American.
    ('001-608-234-5678', '6082345678', null),
    ('0016082345678', '6082345678', null),
    ('011 1 608 234 5678', '6082345678', null),
    ('+1 608 234 5678 x9', '6082345678', null),
    ('+ (1) 608-234-5678', '6082345678', null),
    ('(+1) 608-234-5678', '6082345678', null),
    (chr(160) || '(001) 608 234' || chr(160) || '5678', '6082345678', null),
    ('.+1.608.234.5678', '6082345678', null),
    (chr(65291) || '1 608 234 5678', '6082345678', null),
    ('tel:+1-608-234-5678', '6082345678', null),
    ('+45 32 12 34 56', null, 'foreign'),
    ('+4532123456', null, 'foreign'),
    ('(+45) 32 12 34 56', null, 'foreign'),
    ('[0045] 3212 3456', null, 'foreign'),
    ('011 45 32 12 34 56', null, 'foreign'),
    (chr(12288) || '+45 3212 3456', null, 'foreign'),
    (chr(65291) || '45 32 12 34 56', null, 'foreign'),
    ('tel:+45 32 12 34 56', null, 'foreign'),
    ('+6082345678', null, 'foreign'),
    ('+4532123456.0', null, 'foreign'),
    ('+6082345678.0', null, 'foreign'),
    ('+45 32 12' || chr(10) || '34 56', null, 'foreign'),
    ('0082345678', null, 'foreign'),
    ('+', null, 'foreign'),
    ('+1 32 12 34 56', null, 'malformed'),
    ('0012345678', null, 'malformed'),
    ('1+608 234 5678', '6082345678', null),
    ('608 234 5678 +45', null, 'malformed'),
    ('0 1 608 234 5678', null, 'malformed'),
    -- An extension at the end comes off, in every way to write it.
    ('608-234-5678x12', '6082345678', null),
    ('608-234-5678 x 12', '6082345678', null),
    ('608-234-5678 X12', '6082345678', null),
    ('608-234-5678 ext 12', '6082345678', null),
    ('608-234-5678 ext.12', '6082345678', null),
    ('608-234-5678 Ext. 12', '6082345678', null),
    ('608-234-5678ext12', '6082345678', null),
    ('608-234-5678 #12', '6082345678', null),
    ('608-234-5678 # 12 ', '6082345678', null),
    ('1 608 234 5678 x1', '6082345678', null),
    ('608-234-5678 x', '6082345678', null),
    -- No extension: the digits count.
    ('608-234-5678 12', null, 'malformed'),
    ('608-234-5678 extension 12', null, 'malformed'),
    ('x6082345678', null, 'malformed'),
    -- Nine digits, twelve digits.
    ('608234567', null, 'malformed'),
    ('608234567890', null, 'malformed'),
    -- Area code and exchange begin with 2 to 9.
    ('1082345678', null, 'malformed'),
    ('2002000000', '2002000000', null),
    ('6080345678', null, 'malformed'),
    ('6081345678', null, 'malformed'),
    ('9199999999', '9199999999', null),
    -- One digit repeated is no phone.
    ('2222222222', null, 'malformed'),
    ('9999999999', null, 'malformed'),
    ('1-555-555-5555', null, 'malformed'),
    ('5555555556', '5555555556', null),
    -- A number that came as a number, and what is none.
    (cast(6082345678 as varchar), '6082345678', null),
    ('6082345678.0', '6082345678', null),
    (' 16082345678.000 ', '6082345678', null),
    ('+16082345678.0', '6082345678', null),
    ('0016082345678.0', '6082345678', null),
    ('6082345678.', '6082345678', null),
    ('6082345678.10', null, 'malformed'),
    ('608-234-5678.0', null, 'malformed'),
    -- A decimal loses its zeros, even where they would make ten digits.
    ('608234.0000', null, 'malformed'),
    (' +1608234.0000 ', null, 'malformed'),
    ('608.234.0000', '6082340000', null),
    ('-608-234-5678', '6082345678', null),
    ('call me', null, 'malformed'),
    ('none', null, 'placeholder'),
    (' N/A ', null, 'placeholder'),
    ('', null, 'blank'),
    (' ' || chr(8203), null, 'blank'),
    (null, null, 'blank')
),

well_formed as (
    select
        input,
        expected_key,
        expected_reason,
        {{ well_formed_phone('input') }} as well_formed_phone
    from cases
),

keyed as (
    select
        input,
        expected_key,
        expected_reason,
        {{ phone_key('well_formed_phone') }} as actual_key
    from well_formed
),

reasoned as (
    select
        input,
        expected_key,
        expected_reason,
        actual_key,
        case when actual_key is null then {{ missing_phone_reason('actual_key', 'input') }} end as actual_reason
    from keyed
)

select *
from reasoned
where
    actual_key is distinct from expected_key
    or actual_reason is distinct from expected_reason
    or {{ well_formed_phone('actual_key') }} is distinct from actual_key
    -- The first look for a key finds whatever has it.
    or coalesce({{ phone_lookup('input') }}, '') <> actual_key
