{#-
    Hints for CTEs: `known as {{ materialized() }} (...)`. Both correct estimates of DuckDB that cost 10 GB on 41 million
    rows. On an engine without these words they render nothing.

    materialized: the CTE is computed on its own. A join then comes before slow filters. Otherwise the engine moves the
    filters down, expects a few hundred rows from the extract, and puts the whole extract into the join's hash table in
    place of the small side.

    inlined: each reader scans on its own, with its own columns and filters. Otherwise a CTE with several readers is
    computed completely and kept.
-#}
{% macro materialized() -%}
    {{ adapter.dispatch('materialized')() }}
{%- endmacro %}

{% macro default__materialized() -%}
{%- endmacro %}

{% macro duckdb__materialized() -%}
    materialized
{%- endmacro %}

{% macro inlined() -%}
    {{ adapter.dispatch('inlined')() }}
{%- endmacro %}

{% macro default__inlined() -%}
{%- endmacro %}

{% macro duckdb__inlined() -%}
    not materialized
{%- endmacro %}

{#-
    Are the values of a row of an extract among the few rows of a relation? On DuckDB the relation becomes a list, because
    the engine assumes that a list is short. It puts the side of a join that it expects to be smaller into memory, and it
    expects any condition to keep a fifth of an extract; with a bare `in`, the side in memory may be the extract. With
    the relation in memory it also learns which parts of the files to skip.
-#}
{% macro is_one_of(values, relation, columns) -%}
    {{ adapter.dispatch('is_one_of')(values, relation, columns) }}
{%- endmacro %}

{% macro default__is_one_of(values, relation, columns) -%}
    ({{ values | join(', ') }}) in (select {{ columns | join(', ') }} from {{ relation }})
{%- endmacro %}

{% macro duckdb__is_one_of(values, relation, columns) -%}
    ({{ values | join(', ') }}) in (
        select
            {%- for column in columns %} listed.{{ column }}{{ ',' if not loop.last }}{% endfor %}
        from (
            select unnest(list({{ '{' }}
                {%- for column in columns %}'{{ column }}': {{ column }}{{ ', ' if not loop.last }}{% endfor -%}
                {{ '}' }})) as listed
            from {{ relation }}
        )
    )
{%- endmacro %}

{#- Between the arms of a union that matches columns by name: a column that an arm lacks is NULL there. -#}
{% macro union_all_by_name() -%}
    {{ adapter.dispatch('union_all_by_name')() }}
{%- endmacro %}

{% macro default__union_all_by_name() -%}
    union all by name
{%- endmacro %}

{#- The values of a group as one text, in their order, separated by a comma and a space. -#}
{% macro listed_text(value) -%}
    {{ adapter.dispatch('listed_text')(value) }}
{%- endmacro %}

{% macro default__listed_text(value) -%}
    {{ dbt.listagg(value, "', '", 'order by ' ~ value) }}
{%- endmacro %}
