-- Weekdays count from Monday, 1, to Sunday, 7; weekdays and months have names; days can be added across the ends of
-- months and years.
with cases (given_date, days, expected_weekday, expected_weekday_name, expected_month_name, expected_date) as (
    values
    (date '2026-01-05', -5, 1, 'Monday', 'January', date '2025-12-31'),
    (date '2024-02-27', 2, 2, 'Tuesday', 'February', date '2024-02-29'),
    (date '2026-03-04', 0, 3, 'Wednesday', 'March', date '2026-03-04'),
    (date '2026-04-02', 1, 4, 'Thursday', 'April', date '2026-04-03'),
    (date '2026-05-01', 31, 5, 'Friday', 'May', date '2026-06-01'),
    (date '2026-06-06', 1, 6, 'Saturday', 'June', date '2026-06-07'),
    (date '2026-07-05', 1, 7, 'Sunday', 'July', date '2026-07-06'),
    (date '2026-08-03', 1, 1, 'Monday', 'August', date '2026-08-04'),
    (date '2026-09-01', 1, 2, 'Tuesday', 'September', date '2026-09-02'),
    (date '2026-10-07', 1, 3, 'Wednesday', 'October', date '2026-10-08'),
    (date '2026-11-05', 1, 4, 'Thursday', 'November', date '2026-11-06'),
    (date '2026-12-31', 1, 4, 'Thursday', 'December', date '2027-01-01'),
    (null, 1, null, null, null, null)
),

computed as (
    select
        expected_weekday,
        expected_weekday_name,
        expected_month_name,
        expected_date,
        {{ iso_weekday('given_date') }} as actual_weekday,
        extract(month from given_date) as month_number,
        {{ add_days('given_date', 'days') }} as actual_date
    from cases
)

select *
from computed
where
    actual_weekday is distinct from expected_weekday
    or {{ weekday_name('actual_weekday') }} is distinct from expected_weekday_name
    or {{ month_name('month_number') }} is distinct from expected_month_name
    or actual_date is distinct from expected_date
