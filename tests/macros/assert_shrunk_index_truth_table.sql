-- Responses over expected ones, mixed with the prior as if it had been seen on `strength` more (F63).
with cases (responses, expected_responses, prior_index, strength, expected) as (
    values
    -- Nothing seen: the prior.
    (0, 0, 1.3, 20, 1.3),
    -- No strength: what was seen.
    (15, 10, 1, 0, 1.5),
    (15, 10, 1, 20, 35 / 30.0),
    (0, 20, 1.5, 20, 0.75),
    -- Nothing seen, and nothing to go by.
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
