{#-
    For the test that table functions return the columns that their YAML documents: dbt enforces no contract on them.
    Both macros render a relation with the columns position, column_name and data_type.
-#}

{#- The columns that a table function of one list returns. -#}
{% macro answered_columns(function_name) -%}
    {{ adapter.dispatch('answered_columns')(function_name) }}
{%- endmacro %}

{% macro default__answered_columns(function_name) -%}
    (
        select
            row_number() over () as position,
            column_name,
            lower(column_type) as data_type
        from (describe select * from {{ ref(function_name) }}(cast([] as varchar[])))
    )
{%- endmacro %}

{#- The columns that a model's YAML lists, in its order. -#}
{% macro documented_columns(model_name) -%}
    {{ adapter.dispatch('documented_columns')(model_name) }}
{%- endmacro %}

{% macro default__documented_columns(model_name) -%}
    (
        {%- if execute %}
        {%- for node in graph.nodes.values() if node.resource_type == 'model' and node.name == model_name %}
        {%- for column in node.columns.values() %}
        select
            {{ loop.index }} as position,
            '{{ column.name }}' as column_name,
            '{{ column.data_type | lower | replace(" ", "") }}' as data_type
        union all
        {%- endfor %}
        {%- endfor %}
        {%- endif %}
        select
            0 as position,
            '' as column_name,
            '' as data_type
        where false
    )
{%- endmacro %}
