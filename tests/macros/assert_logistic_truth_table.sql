-- The logistic function, and a feature in steps of a quarter.
with cases (logit, expected) as (
    values
    (0e0, 0.5e0),
    (1e0, 0.731058578630e0),
    (-1e0, 0.268941421370e0),
    -- Beyond 30 nothing overflows.
    (40e0, 1e0),
    (-1000e0, 0e0),
    (null, null)
),

features (given, expected) as (
    values
    (0e0, 0e0),
    -- ln 2 = 0.69, ln 3 = 1.10 and ln 366 = 5.90.
    (1e0, 0.75e0),
    (2e0, 1e0),
    (365e0, 6e0),
    (null, null)
),

compared as (
    select
        'logistic' as macro_name,
        logit as given,
        expected,
        {{ logistic('logit') }} as actual
    from cases
    union all
    select
        'log_quarter' as macro_name,
        given,
        expected,
        {{ log_quarter('given') }} as actual
    from features
)

select *
from compared
where
    abs(actual - expected) > 1e-10
    or (actual is null) <> (expected is null)
