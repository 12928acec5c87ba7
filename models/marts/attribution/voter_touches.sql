with touches as (
    select * from {{ ref('attribution_touches') }}
),

gift_voters as (
    select * from {{ ref('key_gift_voters') }}
),

-- A gift of several voters has one number.
gifts as (
    select
        donation_id,
        min(gift_number) as gift_number
    from gift_voters
    group by donation_id
),

-- Most touches belong to donors outside the voter file; a segment never contains them.
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
