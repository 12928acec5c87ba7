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
        case cases.metric
            when 'open_rate' then {{ health_band('open_rate', 'cast(cases.value as double)') }}
            when 'click_to_open_rate' then {{ health_band('click_to_open_rate', 'cast(cases.value as double)') }}
            when 'click_rate' then {{ health_band('click_rate', 'cast(cases.value as double)') }}
            when 'bounce_rate' then {{ health_band('bounce_rate', 'cast(cases.value as double)') }}
            when 'unsub_rate' then {{ health_band('unsub_rate', 'cast(cases.value as double)') }}
            when 'complaint_rate' then {{ health_band('complaint_rate', 'cast(cases.value as double)') }}
        end as actual
    from cases
    cross join {{ health_bounds() }} as bounds
)

select *
from computed
where actual is distinct from expected
