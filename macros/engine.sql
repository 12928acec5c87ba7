{#-
    Hints for CTEs: `known as {{ materialized() }} (...)`. Both answer guesses of DuckDB that cost 10 GB
    on 41 million rows; an engine without the words has none of them.

    materialized: what reads the CTE is not folded into it. A join then comes before dear filters; with
    these folded in, the engine takes the extract for a few hundred rows, and puts all of it into the
    join's hash table in place of the small side.

    inlined: each reader scans for itself, with its own columns and filters. A CTE with several readers
    would otherwise be computed whole and kept.
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
    Is the value of a row of an extract, or are its values, among the few of a relation? On DuckDB from a list, which
    the engine takes for short. It puts the side of a join that it takes for the smaller one into memory, and as it
    takes any condition to leave a fifth of an extract, of a bare `in` that may be the extract. From the other side it
    learns which parts of the files to skip.
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

{#- Between the arms of a union whose columns go by name, not by place: a column that an arm lacks is NULL there. -#}
{% macro union_all_by_name() -%}
    {{ adapter.dispatch('union_all_by_name')() }}
{%- endmacro %}

{% macro default__union_all_by_name() -%}
    union all by name
{%- endmacro %}
