-- Weeks begin on Monday, for a date and for a moment.
with cases (input, expected) as (
    values
    ('2026-06-29 00:00:00', '2026-06-29'),
    ('2026-06-30 12:00:00', '2026-06-29'),
    ('2026-07-05 23:59:59.999999', '2026-06-29'),
    ('2026-07-06 00:00:00', '2026-07-06'),
    ('2026-01-01 00:00:00', '2025-12-29'),
    ('2024-02-29 00:00:00', '2024-02-26'),
    (null, null)
),

computed as (
    select
        input,
        expected,
        {{ week_start('cast(input as timestamp)') }} as actual
    from cases
)

select *
from computed
where actual is distinct from cast(expected as date)
