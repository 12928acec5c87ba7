-- Calendar days; the time of day does not matter; negative when the second day is earlier.
with cases (earlier, later, expected) as (
    values
    ('2026-06-30 00:00:00', '2026-06-30 23:59:59', 0),
    ('2026-06-29 23:59:59', '2026-06-30 00:00:00', 1),
    ('2026-06-01 00:00:00', '2026-07-01 00:00:00', 30),
    ('2024-02-28 00:00:00', '2024-03-01 00:00:00', 2),
    ('2026-02-28 00:00:00', '2026-03-01 00:00:00', 1),
    ('2026-07-01 00:00:00', '2026-06-30 12:00:00', -1),
    (null, '2026-06-30 12:00:00', null),
    ('2026-06-30 12:00:00', null, null)
),

computed as (
    select
        earlier,
        later,
        expected,
        {{ days_between('cast(earlier as timestamp)', 'cast(later as timestamp)') }} as actual
    from cases
)

select *
from computed
where actual is distinct from expected
