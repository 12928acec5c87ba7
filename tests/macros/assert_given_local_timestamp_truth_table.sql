-- Local time of an event: only an offset other than UTC gives it.
with cases (input, expected) as (
    values
    ('2026-06-30T08:15:30-05:00', '2026-06-30 08:15:30'),
    ('2026-06-30T23:30:00-0530', '2026-06-30 23:30:00'),
    ('2026-06-30 08:15+02', '2026-06-30 08:15:00'),
    ('2026-06-30T08:15:30.25+05:45', '2026-06-30 08:15:30.25'),
    -- In UTC, wherever it was.
    ('2026-06-30T08:15:30Z', null),
    ('2026-06-30T08:15:30+00:00', null),
    ('2026-06-30T08:15:30-0000', null),
    ('2026-06-30T08:15:30+00', null),
    ('2026-06-30T08:15:30', null),
    ('2026-06-30', null),
    -- Moments that do not exist.
    ('2026-02-29T08:15:30-05:00', null),
    ('2026-06-30T08:15:30-25:00', null),
    ('yesterday-05:00', null),
    ('', null),
    (null, null)
),

computed as (
    select
        input,
        expected,
        {{ given_local_timestamp('input') }} as actual
    from cases
)

select *
from computed
where actual is distinct from cast(expected as timestamp)
