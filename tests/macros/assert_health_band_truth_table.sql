-- The brief's bands; the middle band includes both of its ends (000-29).
with cases (metric, value, expected) as (
    values
    ('open_rate', 20.01, 'healthy'),
    ('open_rate', 20.0, 'warning'),
    ('open_rate', 10.0, 'warning'),
    ('open_rate', 9.99, 'critical'),
    ('open_rate', 0.0, 'critical'),
    ('open_rate', 350.0, 'healthy'),
    ('click_to_open_rate', 3.01, 'healthy'),
    ('click_to_open_rate', 3.0, 'warning'),
    ('click_to_open_rate', 1.0, 'warning'),
    ('click_to_open_rate', 0.99, 'critical'),
    ('click_rate', 3.01, 'healthy'),
    ('click_rate', 3.0, 'warning'),
    ('click_rate', 1.0, 'warning'),
    ('click_rate', 0.99, 'critical'),
    ('bounce_rate', 1.99, 'healthy'),
    ('bounce_rate', 2.0, 'warning'),
    ('bounce_rate', 5.0, 'warning'),
    ('bounce_rate', 5.01, 'critical'),
    ('unsub_rate', 0.0999, 'healthy'),
    ('unsub_rate', 0.1, 'warning'),
    ('unsub_rate', 0.5, 'warning'),
    ('unsub_rate', 0.5001, 'critical'),
    ('complaint_rate', 0.0, 'healthy'),
    ('complaint_rate', 0.0099, 'healthy'),
    ('complaint_rate', 0.01, 'warning'),
    ('complaint_rate', 0.05, 'warning'),
    ('complaint_rate', 0.0501, 'critical')
),

computed as (
    select
        cases.metric,
        cases.value,
        cases.expected,
        {{ health_band('thresholds', 'cast(cases.value as double)') }} as actual
    from cases
    inner join {{ ref('health_thresholds') }} as thresholds
        on cases.metric = thresholds.metric
)

select *
from computed
where actual is distinct from expected
