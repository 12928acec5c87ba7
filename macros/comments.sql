{#- The statements that comment on a relation and on its columns. A test checks that each documented column exists. -#}
{% macro comments(relation, model) %}
    {% if config.persist_relation_docs() and model.description %}
        {% set kind = 'macro table' if config.get('materialized') == 'table_function' else relation.type %}
        comment on {{ kind }} {{ relation }} is {{ duckdb_escape_comment(model.description) }};
    {% endif %}
    {% if config.persist_column_docs() %}
        {% for column in model.columns.values() %}
            comment on column {{ relation }}.{{ column.name }} is {{ duckdb_escape_comment(column.description) }};
        {% endfor %}
    {% endif %}
{% endmacro %}

{#-
    The comments as one statement. It replaces dbt-duckdb's macro by the way that dbt documents for this (a macro of the
    same name in the root project, "Overriding global macros"). dbt-duckdb's own macro first asks the database for
    the columns, once per seed.
    To drop it: delete this macro, and accept slower builds.
-#}
{% macro duckdb__persist_docs(relation, model, for_relation, for_columns) %}
    {% set statements = comments(relation, model) | trim %}
    {% if statements %}
        {% call statement('persist_docs', auto_begin=false) %}
            {{ statements }}
        {% endcall %}
    {% endif %}
{% endmacro %}
