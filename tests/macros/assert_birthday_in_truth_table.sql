-- In leap years the birthday is 29 February, otherwise it is as many days after the 28th as the rule says (F66).
-- 1900 and 2100 have no 29 February, 2000 had one.
with cases (birth_date, birthday_year, leap_day_shift, expected) as (
    values
    (date '1980-02-29', 2024, 1, date '2024-02-29'),
    (date '1980-02-29', 2024, 0, date '2024-02-29'),
    (date '1980-02-29', 2026, 1, date '2026-03-01'),
    (date '1980-02-29', 2026, 0, date '2026-02-28'),
    (date '1980-02-29', 2000, 1, date '2000-02-29'),
    (date '1896-02-29', 1900, 1, date '1900-03-01'),
    (date '1980-02-29', 2100, 1, date '2100-03-01'),
    (date '1980-02-28', 2026, 1, date '2026-02-28'),
    (date '1980-03-01', 2024, 1, date '2024-03-01'),
    (date '1980-12-31', 2026, 1, date '2026-12-31'),
    (date '1980-01-01', 2026, 0, date '2026-01-01'),
    (null, 2026, 1, null)
)

select *
from cases
where {{ birthday_in('birth_date', 'birthday_year', 'leap_day_shift') }} is distinct from expected
