-- (3 clicks + 1 open - 5 unsubscribes) per 100 sends, 2 places; NULL without sends (000-22).
with cases (clicks, opens, unsubs, sends, expected) as (
    values
    (1, 2, 0, 10, 50.0),
    (0, 0, 0, 10, 0.0),
    (0, 0, 1, 10, -50.0),
    (3, 0, 0, 1, 900.0),
    (1, 1, 1, 3, -33.33),
    (1, 0, 0, 7, 42.86),
    (1, 1, 0, 0, null),
    (null, 1, 0, 10, null)
),

computed as (
    select
        cases.clicks,
        cases.opens,
        cases.unsubs,
        cases.sends,
        cases.expected,
        {{ affinity_score('cases.clicks', 'cases.opens', 'cases.unsubs', 'cases.sends') }} as actual
    from cases
    cross join {{ affinity_weights() }} as weights
)

select *
from computed
where actual is distinct from cast(expected as double)
