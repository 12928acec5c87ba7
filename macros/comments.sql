{#-
    The comments on a relation and on its columns, as one statement. dbt asks the database for the columns first,
    which takes a sixth of a small build; that each documented column exists, tests see to.
-#}
{% macro duckdb__persist_docs(relation, model, for_relation, for_columns) %}
    {% set has_comment = for_relation and config.persist_relation_docs() and model.description %}
    {% set columns = model.columns.values() if for_columns and config.persist_column_docs() else [] %}
    {% if has_comment or columns %}
        {% call statement('persist_docs', auto_begin=false) %}
            {% if has_comment %}
                comment on {{ relation.type }} {{ relation }} is {{ duckdb_escape_comment(model.description) }};
            {% endif %}
            {% for column in columns %}
                comment on column {{ relation }}.{{ column.name }} is {{ duckdb_escape_comment(column.description) }};
            {% endfor %}
        {% endcall %}
    {% endif %}
{% endmacro %}
