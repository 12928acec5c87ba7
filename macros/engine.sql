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
