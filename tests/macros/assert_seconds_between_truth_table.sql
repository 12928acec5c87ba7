-- Seconds with their fraction, across days and clock changes (all times are UTC); negative when the second is earlier.
with cases (earlier, later, expected) as (
    values
    ('2026-06-30 10:00:00', '2026-06-30 10:00:00', 0.0),
    ('2026-06-30 10:00:00', '2026-06-30 10:30:00', 1800.0),
    ('2026-06-30 23:59:59', '2026-07-01 00:00:01', 2.0),
    ('2026-06-30 10:00:00', '2026-06-30 10:00:00.25', 0.25),
    ('2026-03-08 00:00:00', '2026-03-09 00:00:00', 86400.0),
    ('1970-01-01 00:00:00', '2026-01-01 00:00:00.5', 1767225600.5),
    ('2026-06-30 10:00:01', '2026-06-30 10:00:00', -1.0),
    (null, '2026-06-30 10:00:00', null),
    ('2026-06-30 10:00:00', null, null)
),

computed as (
    select
        earlier,
        later,
        expected,
        {{ seconds_between('cast(earlier as timestamp)', 'cast(later as timestamp)') }} as actual
    from cases
)

select *
from computed
where actual is distinct from cast(expected as double)
