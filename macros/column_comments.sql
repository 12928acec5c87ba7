{#-
    The comments on the columns of a relation. dbt-duckdb asks the database for the columns first, which
    takes a sixth of a small build; that each documented column exists, tests see to.
-#}
{% macro duckdb__alter_column_comment(relation, column_dict) %}
    {% for column in column_dict.values() %}
        comment on column {{ relation }}.{{ column.name }} is {{ duckdb_escape_comment(column.description) }};
    {% endfor %}
{% endmacro %}
