{#- The number of one rule of a seed with the columns `rule`, `value`, `unit` and `rationale`. -#}
{% macro rule_value(seed, rule) -%}
    (select rules.value from {{ ref(seed) }} as rules where rules.rule = '{{ rule }}')
{%- endmacro %}
