-- Responses over expected ones, mixed with `strength` more expected ones at the prior (F63).
with cases (responses, expected_responses, prior_index, strength, expected) as (
    values
    -- Without data: the prior.
    (0, 0, 1.3, 20, 1.3),
    -- Without strength: the observed index.
    (15, 10, 1, 0, 1.5),
    (15, 10, 1, 20, 35 / 30.0),
    (0, 20, 1.5, 20, 0.75),
    -- Without data and without strength: NULL.
    (0, 0, 1, 0, null),
    (3, 4, null, 2, null)
),

computed as (
    select
        expected,
        {{ shrunk_index('responses', 'expected_responses', 'prior_index', 'strength') }} as actual
    from cases
)

select *
from computed
where
    (actual is null) <> (expected is null)
    or abs(actual - expected) > 1e-12
