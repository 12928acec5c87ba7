-- No touch is older than the window or younger than its gift, and its clicks are in order.
with touches as (
    select * from {{ ref('agg_touches_by_donation_campaign') }}
),

donations as (
    select * from {{ ref('fct_donations') }}
)

select
    touches.donation_id,
    touches.campaign_id,
    touches.first_click_at,
    touches.last_click_at,
    donations.donated_at
from touches
-- A touch without a gift is an error.
left join donations
    on touches.donation_id = donations.donation_id
where
    donations.donation_id is null
    or not donations.is_gift
    or touches.first_click_at > touches.last_click_at
    or cast(touches.last_click_at as date) > cast(donations.donated_at as date)
    or {{ days_between('touches.first_click_at', 'donations.donated_at') }} > {{ var('attribution_window_days') | int }}
    or touches.days_to_donation <> {{ days_between('touches.last_click_at', 'donations.donated_at') }}
