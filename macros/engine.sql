{#-
    Keeps the engine from folding a CTE into what reads it: `known as {{ materialized() }} (...)`. It
    pays where a join must come before dear filters: DuckDB guesses that a filtered extract has a few
    hundred rows, and would put all of it into the join's hash table (10 GB) in place of the small side.
-#}
{% macro materialized() -%}
    {{ adapter.dispatch('materialized')() }}
{%- endmacro %}

{% macro default__materialized() -%}
{%- endmacro %}

{% macro duckdb__materialized() -%}
    materialized
{%- endmacro %}
