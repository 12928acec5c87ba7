-- A segment of every fifth donor: in each model that adds up, credits and the unattributed row sum to the
-- gifts that segment_summary counts.
{% set segment_list %}
    select list({{ voter_text('numbered.state', 'numbered.svid') }})
    from (
        select
            profiles.state,
            profiles.svid,
            row_number() over (order by profiles.state, profiles.svid) as voter_number
        from {{ ref('enriched_profiles') }} as profiles
        where profiles.is_donor
    ) as numbered
    where numbered.voter_number % 5 = 0
{% endset %}

with summed_by_model as (
    select
        model,
        sum(donations_credited) as donations_credited
    from {{ ref('segment_attribution') }}(({{ segment_list }}))
    group by model
),

summary as (
    select * from {{ ref('segment_summary') }}(({{ segment_list }}))
),

models as (
    select * from {{ ref('attribution_models') }}
)

select
    models.model,
    summed_by_model.donations_credited,
    summary.donation_count
from models
-- A model without a row is an error too.
left join summed_by_model
    on models.model = summed_by_model.model
cross join summary
where
    summed_by_model.donations_credited is null
    or (models.adds_up and abs(summed_by_model.donations_credited - summary.donation_count) > 1e-6)
    or (not models.adds_up and summed_by_model.donations_credited < summary.donation_count - 1e-6)
