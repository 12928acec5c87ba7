{%- set window_days = var('attribution_window_days') | int -%}

with clicks as (
    select * from {{ ref('agg_clicks_by_donation_campaign_day') }}
),

placebo as (
    select * from {{ ref('attribution_placebo') }}
),

counted_gifts as (
    select gifts
    from placebo
    where
        model = 'any_touch'
        and campaign_id is null
),

numbered_days as (
    select number - {{ window_days }} as days_after_gift
    from (select {{ numbers_up_to(2 * window_days) }} as number) as numbers
),

-- On the day of the gift itself clicks may come before and after it.
counted as (
    select
        days_after_gift,
        count(distinct case when not is_after then donation_id end) as gifts_clicked_before,
        count(distinct case when is_after then donation_id end) as gifts_clicked_after
    from clicks
    group by days_after_gift
),

profiled as (
    select
        numbered_days.days_after_gift,
        counted_gifts.gifts,
        coalesce(counted.gifts_clicked_before, 0) as gifts_clicked_before,
        coalesce(counted.gifts_clicked_after, 0) as gifts_clicked_after,
        round({{ share('coalesce(counted.gifts_clicked_before, 0)', 'counted_gifts.gifts') }}, 9)
            as clicked_before_share,
        round({{ share('coalesce(counted.gifts_clicked_after, 0)', 'counted_gifts.gifts') }}, 9)
            as clicked_after_share,
        '{{ invocation_id }}' as build_id
    from numbered_days
    cross join counted_gifts
    -- A day may have no click.
    left join counted
        on numbered_days.days_after_gift = counted.days_after_gift
)

select * from profiled
