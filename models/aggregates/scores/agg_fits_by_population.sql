{#-
    What each place of the regression holds: one feature for both families, or one of giving and one of activity. The
    families share a single fit query, because its many steps cost more to plan than to run.
-#}
{%- set shared = ['log_clicks', 'log_active_days_180', 'log_days_since_last_act'] -%}
{%- set paired = [
    ('log_gifts', 'log_active_days_60'),
    ('log_days_since_last_gift', 'log_active_days'),
    ('log_days_since_first_gift', 'log_tenure_days'),
    ('log_gift_amount', 'log_pause_ratio'),
    ('log_clients', 'log_other_acts'),
    ('log_channels', 'log_overdue'),
] -%}
{%- set places = ['place_1', 'place_2', 'place_3', 'place_4', 'place_5', 'place_6', 'place_7', 'place_8', 'place_9'] -%}

with history as (
    select * from {{ ref('agg_history_by_voter_moment') }}
    where horizons_back > 0
),

-- The gifts of past donors say what their other acts would say. With fewer features a fit needs fewer people.
simplified as (
    select
        family,
        outcome,
        horizons_back,
        is_positive,
        case when outcome = 'gift' then 0 else log_clicks end as place_1,
        log_active_days_180 as place_2,
        case when outcome = 'gift' then 0 else log_days_since_last_act end as place_3,
        case family when 'giving' then log_gifts else log_active_days_60 end as place_4,
        case family when 'giving' then log_days_since_last_gift else log_active_days end as place_5,
        case family when 'giving' then log_days_since_first_gift else log_tenure_days end as place_6,
        case family when 'giving' then log_gift_amount else log_pause_ratio end as place_7,
        case
            when outcome = 'first_gift' then log_clients
            when family = 'activity' then log_other_acts
            else 0
        end as place_8,
        case
            when outcome = 'first_gift' then log_channels
            when family = 'activity' then log_overdue
            else 0
        end as place_9
    from history
),

-- People with the same features count as one cell. Each population and moment is a fit of its own.
cells as (
    select
        outcome || ' ' || cast(horizons_back as varchar) as fit,
        {{ places | join(',\n        ') }},
        cast(count(*) as double) as people,
        cast(sum(is_positive) as double) as positives
    from simplified
    group by
        outcome,
        horizons_back,
        {{ places | join(',\n        ') }}
),

scales as (
    {{ feature_scales('cells', places) }}
),

standardized as (
    select
        cells.fit,
        {% for place in places %}
        (cells.{{ place }} - scales.mean_{{ place }}) / scales.deviation_{{ place }} as {{ place }},
        {% endfor %}
        cells.people,
        cells.positives
    from cells
    inner join scales
        on cells.fit = scales.fit
),

{{ newton_steps('standardized', places) }},

totals as (
    select
        outcome || ' ' || cast(horizons_back as varchar) as fit,
        family,
        outcome,
        horizons_back,
        count(*) as people,
        cast(sum(is_positive) as bigint) as positives,
        cast(sum(gifts_after) as bigint) as gifts_after
    from history
    group by family, outcome, horizons_back
),

described as (
    select
        totals.outcome,
        totals.horizons_back,
        totals.people,
        totals.positives,
        totals.gifts_after,
        {% for feature in shared %}
        scales.mean_place_{{ loop.index }} as mean_{{ feature }},
        scales.deviation_place_{{ loop.index }} as deviation_{{ feature }},
        fitted.coefficient_place_{{ loop.index }} as coefficient_{{ feature }},
        {% endfor %}
        {% for pair in paired %}
        {% set place = loop.index + 3 %}
        {% for feature, family in [(pair[0], 'giving'), (pair[1], 'activity')] %}
        case totals.family when '{{ family }}' then scales.mean_place_{{ place }} else 0 end as mean_{{ feature }},
        case totals.family when '{{ family }}' then scales.deviation_place_{{ place }} else 1 end
            as deviation_{{ feature }},
        case totals.family when '{{ family }}' then fitted.coefficient_place_{{ place }} else 0 end
            as coefficient_{{ feature }},
        {% endfor %}
        {% endfor %}
        fitted.coefficient_base
    from totals
    inner join fitted
        on totals.fit = fitted.fit
    inner join scales
        on totals.fit = scales.fit
)

select * from described
