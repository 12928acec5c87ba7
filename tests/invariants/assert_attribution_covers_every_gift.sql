-- In every model, the unattributed row counts the gifts without a touch, and the credits add up to the number of
-- gifts; any_touch credits each touch (F45, F49).
with donations as (
    select * from {{ ref('fct_donations') }}
),

touches as (
    select * from {{ ref('attribution_touches') }}
),

campaigns as (
    select * from {{ ref('campaign_attribution') }}
),

models as (
    select * from {{ ref('attribution_models') }}
),

counted_gifts as (
    select count(*) as gifts
    from donations
    where is_gift
),

counted_touches as (
    select
        count(*) as touches,
        count(distinct donation_id) as touched_gifts
    from touches
),

summed_by_model as (
    select
        model,
        -- Millions of gifts and 70,000 campaigns: a sum of doubles would lose the sixth digit that is compared.
        {{ exact_sum('donations_credited', 12, 38) }} as donations_credited,
        {{ exact_sum('case when campaign_id is null then donations_credited end', 12, 38) }} as donations_unattributed,
        count(case when campaign_id is null then 1 end) as unattributed_rows
    from campaigns
    group by model
)

select
    models.model,
    counted_gifts.gifts,
    counted_touches.touched_gifts,
    summed_by_model.donations_credited,
    summed_by_model.donations_unattributed
from models
-- A model without a row is an error.
left join summed_by_model
    on models.model = summed_by_model.model
cross join counted_gifts
cross join counted_touches
where
    summed_by_model.unattributed_rows is distinct from 1
    or summed_by_model.donations_unattributed <> counted_gifts.gifts - counted_touches.touched_gifts
    or abs(
        summed_by_model.donations_credited
        - case
            when models.adds_up then counted_gifts.gifts
            else counted_gifts.gifts - counted_touches.touched_gifts + counted_touches.touches
        end
    ) > 1e-6
