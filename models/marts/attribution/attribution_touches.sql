with touches as (
    select * from {{ ref('agg_touches_by_donation_campaign') }}
),

ordered as (
    select
        *,
        count(*) over (partition by donation_id) as touches,
        row_number() over (partition by donation_id order by first_click_at, campaign_id) as touch_number,
        row_number() over (partition by donation_id order by last_click_at desc, campaign_id asc) as recency_number,
        min(days_to_donation) over (partition by donation_id) as least_days
    from touches
),

-- Decimals, so that the sum of a gift's weights is exact in any order. The weights count from the latest touch: it has
-- 1, however long the window is.
weighed as (
    select
        *,
        cast(
            power(cast(2 as double), -(days_to_donation - least_days) / cast(7 as double)) as decimal(38, 30)
        ) as decay_weight
    from ordered
),

-- The models of the seed attribution_models; each but any_touch splits one gift over its touches (F45).
credited as (
    select
        donation_id,
        campaign_id,
        first_click_at,
        last_click_at,
        days_to_donation,
        touches,
        cast(case when touch_number = 1 then 1 else 0 end as double) as first_touch_credit,
        cast(case when recency_number = 1 then 1 else 0 end as double) as last_touch_credit,
        1 / cast(touches as double) as linear_credit,
        cast(case
            when touches = 1 then 1
            when touches = 2 then 0.5
            when touch_number in (1, touches) then 0.4
            else 0.2 / (touches - 2)
        end as double) as position_based_credit,
        cast(decay_weight as double) / cast(sum(decay_weight) over (partition by donation_id) as double)
            as time_decay_credit,
        '{{ invocation_id }}' as build_id
    from weighed
)

select * from credited
