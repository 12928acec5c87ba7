with touches as (
    select * from {{ ref('attribution_touches') }}
),

gift_voters as (
    select * from {{ ref('key_gift_voters') }}
),

gifts as (
    select distinct
        donation_id,
        gift_number
    from gift_voters
),

-- Most touches are strangers'; a segment has none of these.
narrowed as (
    select
        touches.donation_id,
        touches.campaign_id,
        gifts.gift_number,
        touches.first_click_at,
        touches.last_click_at,
        touches.days_to_donation,
        touches.first_touch_credit,
        touches.last_touch_credit,
        touches.linear_credit,
        touches.position_based_credit,
        touches.time_decay_credit,
        '{{ invocation_id }}' as build_id
    from touches
    inner join gifts
        on touches.donation_id = gifts.donation_id
)

select * from narrowed
