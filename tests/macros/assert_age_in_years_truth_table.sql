-- Whole years; a person born on 29 February is a year older on 1 March.
with cases (birth_date, on_date, expected) as (
    values
    ('2008-06-30', '2026-06-30', 18),
    ('2008-07-01', '2026-06-30', 17),
    ('2008-06-29', '2026-06-30', 18),
    ('2000-02-29', '2026-02-28', 25),
    ('2000-02-29', '2026-03-01', 26),
    ('2000-02-29', '2024-02-29', 24),
    ('1999-12-31', '2026-01-01', 26),
    ('2026-06-30', '2026-06-30', 0),
    ('2027-01-01', '2026-06-30', -1),
    (null, '2026-06-30', null)
),

computed as (
    select
        birth_date,
        on_date,
        expected,
        {{ age_in_years('cast(birth_date as date)', 'cast(on_date as date)') }} as actual
    from cases
)

select *
from computed
where actual is distinct from expected
