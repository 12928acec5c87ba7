{#- One number of a seed: the weight, threshold or limit that stands beside a name. -#}
{% macro seed_number(seed, name_column, name, number_column) -%}
    (select numbers.{{ number_column }} from {{ ref(seed) }} as numbers where numbers.{{ name_column }} = '{{ name }}')
{%- endmacro %}

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

{#-
    One component of donor propensity (000-25): weight * min(value, cap) / cap. A missing value counts
    as the cap: somebody who never clicked is as far from a click as can be. The leading 0 makes a minus
    zero (a negative weight times 0) a plain one.
-#}
{% macro capped_component(component, value) -%}
    {%- set weight = seed_number('propensity_weights', 'component', component, 'weight') -%}
    {%- set cap = seed_number('propensity_weights', 'component', component, 'cap') -%}
    0 + {{ weight }} * least(coalesce(cast({{ value }} as double), {{ cap }}), {{ cap }}) / {{ cap }}
{%- endmacro %}

{#- What donor propensity begins with: a past gift lifts everybody above those without one (000-25, 000-26). -#}
{% macro propensity_base(past_donations) -%}
    case
        when {{ past_donations }} > 0 then {{ seed_number('propensity_weights', 'component', 'base_donor', 'weight') }}
        else {{ seed_number('propensity_weights', 'component', 'base_other', 'weight') }}
    end
{%- endmacro %}

{#- Donor propensity of its four components, 0-1, 3 places (000-25). -#}
{% macro propensity_score(base, clicks, campaigns, recency) -%}
    round(greatest(0, least(1, {{ base }} + {{ clicks }} + {{ campaigns }} + {{ recency }})), 3)
{%- endmacro %}
