-- Components of donor propensity: full at the cap, and for a missing value (000-25).
with cases (input, expected_clicks, expected_campaigns, expected_recency) as (
    values
    (0, 0.0, 0.0, 0.0),
    (1, 0.003, 0.005, -0.000136986301369863),
    (10, 0.03, 0.05, -0.00136986301369863),
    (20, 0.06, 0.1, -0.00273972602739726),
    (21, 0.063, 0.1, -0.002876712328767123),
    (50, 0.15, 0.1, -0.00684931506849315),
    (51, 0.15, 0.1, -0.006986301369863013),
    (365, 0.15, 0.1, -0.05),
    (9999, 0.15, 0.1, -0.05),
    (null, 0.15, 0.1, -0.05)
),

computed as (
    select
        input,
        expected_clicks,
        expected_campaigns,
        expected_recency,
        {{ capped_component('clicks', 'input') }} as actual_clicks,
        {{ capped_component('campaigns', 'input') }} as actual_campaigns,
        {{ capped_component('recency', 'input') }} as actual_recency
    from cases
)

select *
from computed
where
    actual_clicks is null
    or actual_campaigns is null
    or actual_recency is null
    or abs(actual_clicks - expected_clicks) > 1e-12
    or abs(actual_campaigns - expected_campaigns) > 1e-12
    or abs(actual_recency - expected_recency) > 1e-12
