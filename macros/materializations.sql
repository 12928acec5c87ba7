{#-
    Tables and views. They replace dbt's own materializations by the way that dbt documents for this (a materialization of
    the same name in the root project). dbt makes each relation under another name, comments on it, and renames it, each
    with a statement of its own, so that a database without transactions always has the old relation or the new one.
    DuckDB has transactions, and in a new file there is no old relation: one statement does it. That is a fifth
    of the CPU of a build of a small sample.
    Left out, because the project uses none: foreign keys, indexes beside those of keys, grants, partitions, Python
    models. dbt's own materializations do the rest of what these do, so to drop them: delete this file.
-#}
{% materialization table, adapter='duckdb' %}
    {{ return(made_relation('table')) }}
{% endmaterialization %}

{% materialization view, adapter='duckdb' %}
    {{ return(made_relation('view')) }}
{% endmaterialization %}

{% macro made_relation(kind) %}
    {% set made = this.incorporate(type=kind) %}
    {% set existing = load_cached_relation(this) %}
    {#- A model may read its last version: the old relation stays until the new one is there. -#}
    {% set written = made if existing is none else make_intermediate_relation(made) %}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {% call statement('main') %}
        {% if kind == 'view' %}
            {{ get_create_view_as_sql(written, compiled_code) }}
        {% else %}
            {{ create_table_as(False, written, compiled_code) }};
        {% endif %}
        {{ comments(written, model) }}
    {% endcall %}
    {% if existing is not none %}
        {{ adapter.drop_relation(existing) }}
        {{ adapter.rename_relation(written, made) }}
    {% endif %}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}

    {{ return({'relations': [made]}) }}
{% endmacro %}
