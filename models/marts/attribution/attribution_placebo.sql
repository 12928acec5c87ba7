{%- set window_days = var('attribution_window_days') | int -%}

with clicks as (
    select * from {{ ref('agg_clicks_by_donation_campaign_day') }}
),

donations as (
    select * from {{ ref('fct_donations') }}
),

all_clicks as (
    select * from {{ ref('fct_clicks') }}
),

models as (
    select * from {{ ref('attribution_models') }}
),

known as (
    select
        {{ add_days('cast(min(event_at) as date)', window_days) }} as first_day,
        {{ add_days(as_of_date(), -window_days) }} as last_day
    from all_clicks
),

counted_gifts as (
    select count(*) as gifts
    from donations
    inner join known
        on cast(donations.donated_at as date) between known.first_day and known.last_day
    where donations.is_gift
),

summed_by_campaign as (
    select
        donation_id,
        campaign_id,
        is_after,
        min(first_click_at) as first_click_at,
        max(last_click_at) as last_click_at
    from clicks
    group by donation_id, campaign_id, is_after
),

-- After the gift the order of time is mirrored: the click that is furthest from the gift stands for the first touch.
ordered as (
    select
        *,
        row_number() over (
            partition by donation_id, is_after
            order by
                case when is_after then null else first_click_at end asc nulls last,
                case when is_after then last_click_at end desc nulls last,
                campaign_id asc
        ) as place_from_far,
        row_number() over (
            partition by donation_id, is_after
            order by
                case when is_after then null else last_click_at end desc nulls last,
                case when is_after then first_click_at end asc nulls last,
                campaign_id asc
        ) as place_from_near
    from summed_by_campaign
),

-- The campaigns that a model credits with any part of the gift, and those that it would if the gift came before.
credited as (
    select
        models.model,
        ordered.campaign_id,
        ordered.donation_id,
        max(case when not ordered.is_after then 1 else 0 end) as is_touched,
        max(case when ordered.is_after then 1 else 0 end) as is_placebo
    from ordered
    cross join models
    where
        models.model not in ('first_touch', 'last_touch')
        or (models.model = 'first_touch' and ordered.place_from_far = 1)
        or (models.model = 'last_touch' and ordered.place_from_near = 1)
    group by models.model, ordered.campaign_id, ordered.donation_id
),

united as (
    select
        model,
        campaign_id,
        is_touched,
        is_placebo
    from credited
    union all
    select
        model,
        cast(null as varchar) as campaign_id,
        max(is_touched) as is_touched,
        max(is_placebo) as is_placebo
    from credited
    group by model, donation_id
),

counted as (
    select
        model,
        campaign_id,
        cast(sum(is_touched) as bigint) as touched_gifts,
        cast(sum(is_placebo) as bigint) as placebo_gifts,
        cast(sum(is_touched * is_placebo) as bigint) as both_gifts
    from united
    group by model, campaign_id
),

-- Every model has its row for all campaigns, even without a click.
listed as (
    select
        models.model,
        counted.campaign_id,
        counted_gifts.gifts,
        coalesce(counted.touched_gifts, 0) as touched_gifts,
        coalesce(counted.placebo_gifts, 0) as placebo_gifts,
        coalesce(counted.both_gifts, 0) as both_gifts
    from models
    cross join counted_gifts
    left join counted
        on models.model = counted.model
),

shared as (
    select
        *,
        {{ share('touched_gifts', 'gifts') }} as touched_share,
        {{ share('placebo_gifts', 'gifts') }} as placebo_share,
        {{ sample_size('gifts') }} as pairs,
        {{ paired_correlation(
            'both_gifts', '(touched_gifts - both_gifts)', '(placebo_gifts - both_gifts)',
            '(gifts - touched_gifts - placebo_gifts + both_gifts)'
        ) }} as correlation
    from listed
),

bounded as (
    select
        *,
        {{ wilson_bound('touched_share', 'pairs', '-') }} as touched_low,
        {{ wilson_bound('touched_share', 'pairs', '+') }} as touched_high,
        {{ wilson_bound('placebo_share', 'pairs', '-') }} as placebo_low,
        {{ wilson_bound('placebo_share', 'pairs', '+') }} as placebo_high
    from shared
),

published as (
    select
        model || coalesce('/' || campaign_id, '') as placebo_id,
        model,
        campaign_id,
        gifts,
        touched_gifts,
        placebo_gifts,
        both_gifts,
        round(touched_share, 9) as touched_share,
        round(placebo_share, 9) as placebo_share,
        round(touched_share - placebo_share, 9) as difference,
        round({{ newcombe_paired_bound(
            'touched_share', 'touched_low', 'placebo_share', 'placebo_high', 'correlation', '-'
        ) }}, 9) as ci_low,
        round({{ newcombe_paired_bound(
            'touched_share', 'touched_high', 'placebo_share', 'placebo_low', 'correlation', '+'
        ) }}, 9) as ci_high,
        '{{ invocation_id }}' as build_id
    from bounded
)

select * from published
