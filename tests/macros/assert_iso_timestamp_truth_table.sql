-- ISO 8601 as UTC; any other text gives NULL. A time without an offset is UTC.
with cases (input, expected) as (
    values
    ('2026-06-30', '2026-06-30 00:00:00'),
    ('2026-06-30 08:15', '2026-06-30 08:15:00'),
    ('2026-06-30T08:15:30', '2026-06-30 08:15:30'),
    ('2026-06-30T08:15:30.25', '2026-06-30 08:15:30.25'),
    ('2026-06-30T08:15:30.123456', '2026-06-30 08:15:30.123456'),
    ('2026-06-30T08:15:30Z', '2026-06-30 08:15:30'),
    ('2026-06-30 08:15Z', '2026-06-30 08:15:00'),
    ('2026-06-30T08:15:30z', null),
    ('2026-06-30T08:15:30+02:00', '2026-06-30 06:15:30'),
    ('2026-06-30T08:15:30-0530', '2026-06-30 13:45:30'),
    ('2026-06-30T23:30:00-05', '2026-07-01 04:30:00'),
    ('2024-02-29', '2024-02-29 00:00:00'),
    ('1850-01-01', '1850-01-01 00:00:00'),
    -- Days and times that do not exist.
    ('2026-02-29', null),
    ('2026-13-01', null),
    ('2026-06-31', null),
    ('2026-06-30T25:00:00', null),
    ('2026-06-30T08:61:00', null),
    -- Other ways to write a date.
    ('06/30/2026', null),
    ('30.06.2026', null),
    ('20260630', null),
    ('2026-6-3', null),
    ('2026-06', null),
    ('2026', null),
    ('June 30, 2026', null),
    ('2026-06-30T08', null),
    ('2026-06-30 08:15 PM', null),
    ('2026-06-30 Europe/Berlin', null),
    ('2026-06-30x', null),
    ('infinity', null),
    ('now', null),
    ('1782777600', null),
    ('', null),
    (null, null)
),

computed as (
    select
        input,
        expected,
        {{ iso_timestamp('input') }} as actual
    from cases
)

select *
from computed
where actual is distinct from cast(expected as timestamp)
