-- The back-test recomputes the donor score from the history of acts. At the clock it must be the published score, so
-- that the earlier days are judged on the same rule.
with forecasts as (
    select * from {{ ref('agg_forecasts_by_voter_moment') }}
    where
        family = 'giving'
        and horizons_back = 0
),

propensity as (
    select * from {{ ref('donor_propensity') }}
)

select
    propensity.voter_number,
    propensity.donor_propensity_score,
    forecasts.donor_propensity_score as recomputed_score
from forecasts
inner join propensity
    on forecasts.voter_number = propensity.voter_number
where forecasts.donor_propensity_score <> propensity.donor_propensity_score
