-- A rate between the observed one (rho 1) and the population's (rho 0); successes are capped at trials.
with cases (successes, trials, prior_mean, prior_rho, expected) as (
    values
    -- rho 0.5 is a prior of one trial: (x + mean) / (n + 1).
    (3, 3, 0.2, 0.5, 0.8),
    (0, 4, 0.5, 0.5, 0.1),
    -- rho 1/11 is a prior of ten trials: (x + 10 mean) / (n + 10).
    (0, 10, 0.2, 0.0909090909090909, 0.1),
    (30, 90, 0.2, 0.0909090909090909, 0.32),
    (3, 4, 0.2, 1, 0.75),
    (3, 4, 0.2, 0, 0.2),
    (9, 4, 0.2, 1, 1),
    -- Without a trial: the prior.
    (0, 0, 0.2, 0.5, 0.2),
    (3, 4, null, null, null)
),

computed as (
    select
        successes,
        trials,
        prior_mean,
        prior_rho,
        expected,
        {{ shrunk_rate('successes', 'trials', 'cast(prior_mean as double)', 'cast(prior_rho as double)') }} as actual
    from cases
)

select *
from computed
where
    (actual is null) <> (expected is null)
    or abs(actual - expected) > 1e-12
