-- In every model that adds up, the credits of a gift with a touch sum to 1; in every model, the gift has a credit, and
-- each credit lies in 0-1 (F45).
with credits as (
    select * from {{ ref('attribution_credits') }}
),

touches as (
    select distinct donation_id from {{ ref('attribution_touches') }}
),

models as (
    select * from {{ ref('attribution_models') }}
),

summed_by_gift as (
    select
        donation_id,
        model,
        sum(credit) as credit,
        min(credit) as smallest_credit,
        max(credit) as largest_credit
    from credits
    where campaign_id is not null
    group by donation_id, model
)

select
    touches.donation_id,
    models.model,
    summed_by_gift.credit
from touches
cross join models
-- A gift without a credit in some model is an error.
left join summed_by_gift
    on
        touches.donation_id = summed_by_gift.donation_id
        and models.model = summed_by_gift.model
where
    summed_by_gift.credit is null
    or (models.adds_up and abs(summed_by_gift.credit - 1) > 1e-9)
    or summed_by_gift.smallest_credit <= 0
    or summed_by_gift.largest_credit > 1 + 1e-9
