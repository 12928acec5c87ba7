-- Calendar months; the day does not matter. And the first day of the later month.
with cases (earlier, later, expected, expected_start) as (
    values
    ('2026-06-01 00:00:00', '2026-06-30 23:59:59', 0, '2026-06-01'),
    ('2026-06-30 23:59:59', '2026-07-01 00:00:00', 1, '2026-07-01'),
    ('2025-12-31 00:00:00', '2026-01-01 00:00:00', 1, '2026-01-01'),
    ('2024-02-29 12:00:00', '2026-02-28 12:00:00', 24, '2026-02-01'),
    ('2026-03-01 00:00:00', '2026-02-28 00:00:00', -1, '2026-02-01'),
    (null, '2026-06-30 12:00:00', null, '2026-06-01'),
    ('2026-06-30 12:00:00', null, null, null)
),

computed as (
    select
        earlier,
        later,
        expected,
        expected_start,
        {{ months_between('cast(earlier as timestamp)', 'cast(later as timestamp)') }} as actual,
        {{ month_start('cast(later as timestamp)') }} as actual_start
    from cases
)

select *
from computed
where
    actual is distinct from expected
    or actual_start is distinct from cast(expected_start as date)
