{#- A number of the seed lookalike_weights. -#}
{% macro lookalike_number(name) -%}
    {{ seed_number('lookalike_weights', 'name', name, 'value') }}
{%- endmacro %}

{#- The weight of a feature's evidence. -#}
{% macro lookalike_weights(feature) -%}
    case {{ feature }}
        when 'client' then {{ lookalike_number('client_mix') }}
        when 'engagement_rate' then {{ lookalike_number('engagement_rate') }}
        when 'recency' then {{ lookalike_number('recency') }}
    end
{%- endmacro %}
