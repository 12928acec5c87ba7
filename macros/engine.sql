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
    Is a value of a large relation among a query's few? Never NULL, and not for its own sake: a bare `in` is a join
    of which DuckDB puts the side that it takes for the smaller one into memory, and it takes an extract for as many
    rows as its first file has, times its files. What stands within an expression stays a filter.
-#}
{% macro is_one_of(value, query) -%}
    coalesce({{ value }} in ({{ query }}), false)
{%- endmacro %}

{#- Between the arms of a union whose columns go by name, not by place: a column that an arm lacks is NULL there. -#}
{% macro union_all_by_name() -%}
    {{ adapter.dispatch('union_all_by_name')() }}
{%- endmacro %}

{% macro default__union_all_by_name() -%}
    union all by name
{%- endmacro %}
