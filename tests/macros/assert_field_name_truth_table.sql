-- Names of custom fields are compared trimmed and without case.
with cases (input, expected) as (
    values
    ('state_voter_id', 'state_voter_id'),
    (' State_Voter_ID ', 'state_voter_id'),
    (chr(160) || 'Party', 'party'),
    (' ', null),
    (null, null)
),

computed as (
    select
        input,
        expected,
        {{ field_name('input') }} as actual
    from cases
)

select *
from computed
where actual is distinct from expected
