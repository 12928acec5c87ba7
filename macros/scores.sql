{#-
    Affinity of sent mail (000-22): weighted reactions per 100 sends. Give counts and sends for the
    raw score, or rates and 1 for the adjusted one; needs the relation `weights`. NULL without sends.
-#}
{% macro affinity_score(clicks, opens, unsubs, sends) -%}
    round(
        (
            weights.clicks * cast({{ clicks }} as double)
            + weights.opens * cast({{ opens }} as double)
            + weights.unsubs * cast({{ unsubs }} as double)
        ) * 100 / nullif(cast({{ sends }} as double), 0), 2
    )
{%- endmacro %}

{#- The seed affinity_weights as one row: one join serves every score of a query. -#}
{% macro affinity_weights() -%}
    (
        select
            max(case when metric = 'clicks' then weight end) as clicks,
            max(case when metric = 'opens' then weight end) as opens,
            max(case when metric = 'unsubs' then weight end) as unsubs
        from {{ ref('affinity_weights') }}
    )
{%- endmacro %}

{#-
    A rate 0-1 shrunk towards the population's (empirical Bayes, beta-binomial; F20):
    (rho * x + (1 - rho) * mean) / (rho * n + 1 - rho), which is the posterior mean under a
    Beta(mean * M, (1 - mean) * M) prior of strength M = (1 - rho) / rho. Successes are capped at n.
-#}
{% macro shrunk_rate(successes, trials, prior_mean, prior_rho) -%}
    (
        {{ prior_rho }} * least(cast({{ successes }} as double), cast({{ trials }} as double))
        + (1 - {{ prior_rho }}) * {{ prior_mean }}
    ) / ({{ prior_rho }} * cast({{ trials }} as double) + 1 - {{ prior_rho }})
{%- endmacro %}

{#- The weight or the cap of a component in the seed propensity_weights. -#}
{% macro propensity_number(component, number) -%}
    (
        select weights.{{ number }}
        from {{ ref('propensity_weights') }} as weights
        where weights.component = '{{ component }}'
    )
{%- endmacro %}

{#-
    One component of donor propensity (000-25): weight * min(value, cap) / cap. A missing value counts
    as the cap: a person who never clicked is as far from a click as can be. The leading 0 turns a minus
    zero (a negative weight times 0) into a plain one.
-#}
{% macro capped_component(component, value) -%}
    {%- set weight = propensity_number(component, 'weight') -%}
    {%- set cap = propensity_number(component, 'cap') -%}
    0 + {{ weight }} * least(coalesce(cast({{ value }} as double), {{ cap }}), {{ cap }}) / {{ cap }}
{%- endmacro %}

{#- The rules of score_scales, in the seed rules, as one row: one join serves every window and scale of a query. -#}
{% macro score_scales() -%}
    (
        select
            max(case when rule = 'engagement_window_days' then value end) as engagement_window_days,
            max(case when rule = 'recent_window_days' then value end) as recent_window_days,
            max(case when rule = 'recent_points_per_day' then value end) as recent_points_per_day,
            max(case when rule = 'rf_window_days' then value end) as rf_window_days,
            max(case when rule = 'activity_window_days' then value end) as activity_window_days,
            max(case when rule = 'activity_scale' then value end) as activity_scale,
            max(case when rule = 'interest_window_days' then value end) as interest_window_days,
            max(case when rule = 'interest_scale' then value end) as interest_scale,
            max(case when rule = 'interest_return_points' then value end) as interest_return_points,
            max(case when rule = 'intent_window_days' then value end) as intent_window_days,
            max(case when rule = 'intent_scale' then value end) as intent_scale,
            max(case when rule = 'intent_return_points' then value end) as intent_return_points,
            max(case when rule = 'multi_channel_full' then value end) as multi_channel_full,
            max(case when rule = 'high_share' then value end) as high_share,
            max(case when rule = 'low_share' then value end) as low_share,
            max(case when rule = 'distribution_bins' then value end) as distribution_bins,
            max(case when rule = 'content_prior_interactions' then value end) as content_prior_interactions
        from {{ ref('rules') }}
        where subject = 'score_scales'
    )
{%- endmacro %}

{#-
    The seed engagement_weights as one row: one join serves every component. The columns are each component's
    weight, and the numbers that say where it is full.
-#}
{% macro engagement_weights() -%}
    (
        select
            max(case when component = 'recency' then weight end) as recency_weight,
            max(case when component = 'recency' then half_life_days end) as half_life_days,
            max(case when component = 'frequency' then weight end) as frequency_weight,
            max(case when component = 'frequency' then cap_percentile end) as frequency_percentile,
            max(case when component = 'frequency' then least_cap end) as least_frequency_cap,
            max(case when component = 'depth' then weight end) as depth_weight,
            max(case when component = 'depth' then cap_percentile end) as depth_percentile,
            max(case when component = 'depth' then least_cap end) as least_depth_cap,
            max(case when component = 'duration' then weight end) as duration_weight,
            max(case when component = 'duration' then cap_percentile end) as duration_percentile,
            max(case when component = 'duration' then least_cap end) as least_duration_cap
        from {{ ref('engagement_weights') }}
    )
{%- endmacro %}

{#-
    The seed event_types, one row per recorded type, with points in thousandths: the sum of whole numbers does not
    depend on their order.
-#}
{% macro event_points() -%}
    (
        select
            event_type,
            role,
            is_answer,
            cast(round(engagement_points * 1000) as bigint) as engagement_points,
            cast(round(interest_points * 1000) as bigint) as interest_points,
            cast(round(intent_points * 1000) as bigint) as intent_points,
            cast(round(recent_weight * 1000) as bigint) as recent_points
        from {{ ref('event_types') }}
        where event_type = recorded_as
    )
{%- endmacro %}

{#- Points from the thousandths of event_points. -#}
{% macro points_of_thousandths(thousandths) -%}
    cast(cast({{ thousandths }} as bigint) as double) / 1000
{%- endmacro %}

{#- A decay from 1 today to half after every half-life: 0-1. NULL without a number of days. -#}
{% macro decayed(days, half_life_days) -%}
    power(cast(2 as double), -cast({{ days }} as double) / {{ half_life_days }})
{%- endmacro %}

{#- A count of 0 or more on a log scale, 1 at the cap, which is above 0: 0-1 (F61). NULL without a count. -#}
{% macro log_scaled(value, cap) -%}
    case
        when {{ value }} >= {{ cap }} then 1
        else ln(1 + cast({{ value }} as double)) / ln(1 + cast({{ cap }} as double))
    end
{%- endmacro %}

{#-
    Points that fill a scale more and more slowly: 0 for 0 points and below, 0.63 at the scale, never 1 (F80): 0-1.
    NULL without points.
-#}
{% macro saturated(points, scale) -%}
    1 - exp(-(case when {{ points }} < 0 then 0 else cast({{ points }} as double) end) / {{ scale }})
{%- endmacro %}

{#- The same by the value that earns half: 0.5 at the half, 0.75 at twice that. The value must not be negative. -#}
{% macro half_saturated(value, half) -%}
    1 - power(cast(2 as double), -cast({{ value }} as double) / {{ half }})
{%- endmacro %}

{#- The base of donor propensity: any past donor ranks above any person without a gift (000-25, 000-26). -#}
{% macro propensity_base(past_donations) -%}
    case
        when {{ past_donations }} > 0 then {{ propensity_number('base_donor', 'weight') }}
        else {{ propensity_number('base_other', 'weight') }}
    end
{%- endmacro %}

{#- Donor propensity from its four components, 0-1, 3 places (000-25). -#}
{% macro propensity_score(base, clicks, campaigns, recency) -%}
    round(greatest(0, least(1, {{ base }} + {{ clicks }} + {{ campaigns }} + {{ recency }})), 3)
{%- endmacro %}
