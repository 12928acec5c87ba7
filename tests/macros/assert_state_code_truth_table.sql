-- Two letters, upper case; any other text gives NULL.
with cases (input, expected) as (
    values
    ('WI', 'WI'),
    (' wi ', 'WI'),
    ('mN', 'MN'),
    (chr(160) || 'wi' || chr(8203), 'WI'),
    ('W', null),
    ('WIS', null),
    ('W1', null),
    ('W I', null),
    ('W.', null),
    ('Ñu', null),
    ('', null),
    (null, null)
),

computed as (
    select
        input,
        expected,
        {{ state_code('input') }} as actual
    from cases
)

select *
from computed
where actual is distinct from expected
