{%- set features = [
    'log_days_since_last_act',
    'log_active_days_60',
    'log_active_days_180',
    'log_active_days',
    'log_tenure_days',
    'log_pause_ratio',
    'log_clicks',
    'log_other_acts',
] -%}

with history as (
    select * from {{ ref('agg_history_by_voter_moment') }}
    where
        family = 'activity'
        and horizons_back > 0
),

-- People with the same features count as one cell. Each population and moment is a fit of its own.
cells as (
    select
        outcome || ' ' || cast(horizons_back as varchar) as fit,
        log_days_since_last_act,
        log_active_days_60,
        log_active_days_180,
        log_active_days,
        log_tenure_days,
        log_pause_ratio,
        log_clicks,
        log_other_acts,
        cast(count(*) as double) as people,
        cast(sum(is_positive) as double) as positives
    from history
    group by
        outcome,
        horizons_back,
        log_days_since_last_act,
        log_active_days_60,
        log_active_days_180,
        log_active_days,
        log_tenure_days,
        log_pause_ratio,
        log_clicks,
        log_other_acts
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
        fitted.coefficient_base,
        {% for feature in features %}
        scales.mean_{{ feature }},
        scales.deviation_{{ feature }},
        fitted.coefficient_{{ feature }}{{ ',' if not loop.last }}
        {% endfor %}
    from totals
    inner join fitted
        on totals.fit = fitted.fit
    inner join scales
        on totals.fit = scales.fit
)

select * from described
