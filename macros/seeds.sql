{#- The value of one rule of the seed `rules`. -#}
{% macro rule_value(subject, rule) -%}
    (
        select rules.value
        from {{ ref('rules') }} as rules
        where rules.subject = '{{ subject }}' and rules.rule = '{{ rule }}'
    )
{%- endmacro %}

{#- The value of one rule of the seed `linkage_rules`, whose rules have an order. -#}
{% macro linkage_limit(rule) -%}
    (select rules.value from {{ ref('linkage_rules') }} as rules where rules.rule = '{{ rule }}')
{%- endmacro %}
