-- Exact to the microsecond: a moment exactly so many seconds after another equals it.
with cases (moment, seconds, expected) as (
    values
    ('2026-06-30 10:00:00', 0, '2026-06-30 10:00:00'),
    ('2026-06-30 10:00:00.000001', 5, '2026-06-30 10:00:05.000001'),
    ('2026-06-30 23:59:58', 5, '2026-07-01 00:00:03'),
    ('2026-03-08 00:00:00', 86400, '2026-03-09 00:00:00'),
    (null, 5, null),
    ('2026-06-30 10:00:00', null, null)
),

computed as (
    select
        moment,
        seconds,
        expected,
        {{ add_seconds('cast(moment as timestamp)', 'cast(seconds as bigint)') }} as actual
    from cases
)

select *
from computed
where actual is distinct from cast(expected as timestamp)
