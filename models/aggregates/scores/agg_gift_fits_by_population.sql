{%- set features = [
    'log_gifts',
    'log_days_since_last_gift',
    'log_days_since_first_gift',
    'log_gift_amount',
    'log_active_days_180',
    'log_clicks',
    'log_clients',
    'log_channels',
    'log_days_since_last_act',
] -%}

with history as (
    select * from {{ ref('agg_history_by_voter_moment') }}
    where horizons_back > 0
),

-- The gifts of past donors say what their other acts would say. With fewer features a fit needs fewer people.
simplified as (
    select
        outcome,
        horizons_back,
        is_positive,
        log_gifts,
        log_days_since_last_gift,
        log_days_since_first_gift,
        log_gift_amount,
        log_active_days_180,
        case when outcome = 'first_gift' then log_clicks else 0 end as log_clicks,
        case when outcome = 'first_gift' then log_clients else 0 end as log_clients,
        case when outcome = 'first_gift' then log_channels else 0 end as log_channels,
        case when outcome = 'first_gift' then log_days_since_last_act else 0 end as log_days_since_last_act
    from history
),

-- People with the same features count as one cell. Each population and moment is a fit of its own.
cells as (
    select
        outcome || ' ' || cast(horizons_back as varchar) as fit,
        log_gifts,
        log_days_since_last_gift,
        log_days_since_first_gift,
        log_gift_amount,
        log_active_days_180,
        log_clicks,
        log_clients,
        log_channels,
        log_days_since_last_act,
        cast(count(*) as double) as people,
        cast(sum(is_positive) as double) as positives
    from simplified
    group by
        outcome,
        horizons_back,
        log_gifts,
        log_days_since_last_gift,
        log_days_since_first_gift,
        log_gift_amount,
        log_active_days_180,
        log_clicks,
        log_clients,
        log_channels,
        log_days_since_last_act
),

scales as (
    {{ feature_scales('cells', features) }}
),

standardized as (
    select
        cells.fit,
        {% for feature in features %}
        (cells.{{ feature }} - scales.mean_{{ feature }}) / scales.deviation_{{ feature }} as {{ feature }},
        {% endfor %}
        cells.people,
        cells.positives
    from cells
    inner join scales
        on cells.fit = scales.fit
),

{{ newton_steps('standardized', features) }},

totals as (
    select
        outcome || ' ' || cast(horizons_back as varchar) as fit,
        outcome,
        horizons_back,
        count(*) as people,
        cast(sum(is_positive) as bigint) as positives,
        cast(sum(gifts_after) as bigint) as gifts_after
    from history
    group by outcome, horizons_back
),

described as (
    select
        totals.outcome,
        totals.horizons_back,
        totals.people,
        totals.positives,
        totals.gifts_after,
        {% for feature in features %}
        scales.mean_{{ feature }},
        scales.deviation_{{ feature }},
        fitted.coefficient_{{ feature }},
        {% endfor %}
        fitted.coefficient_base
    from totals
    inner join fitted
        on totals.fit = fitted.fit
    inner join scales
        on totals.fit = scales.fit
)

select * from described
