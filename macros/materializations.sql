{#-
    Tables and views. They replace dbt's own materializations by the way that dbt documents for this (a materialization of
    the same name in the root project). dbt makes each relation under another name, comments on it, and renames it, each
    with a statement of its own, so that a database without transactions always has the old relation or the new one.
    DuckDB has transactions, and in a new file there is no old relation: one statement does it, with its transaction.
    That is a quarter of the CPU of a build of a small sample.
    Left out, because the project uses none: foreign keys, indexes beside those of keys, grants, partitions, Python
    models, hooks within the transaction. dbt's own materializations do the rest of what these do, so to drop them:
    delete this file.
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

    {#- A failure ends the transaction, too: each node has a cursor of its own, which closes after the node. -#}
    {% call statement('main', auto_begin=False) %}
        begin transaction;
        {% if kind == 'view' %}
            {{ get_create_view_as_sql(written, compiled_code) }}
        {% else %}
            {{ create_table_as(False, written, compiled_code) }};
        {% endif %}
        {{ comments(written, model) }}
        {% if existing is not none %}
            drop {{ existing.type }} {{ existing }} cascade;
            alter {{ kind }} {{ written }} rename to {{ adapter.quote(made.identifier) }};
        {% endif %}
        commit;
    {% endcall %}

    {{ run_hooks(post_hooks, inside_transaction=False) }}

    {{ return({'relations': [made]}) }}
{% endmacro %}

{#-
    A contract's columns against those of the query, with one question to the engine where dbt's own macro asks two. If
    they differ, dbt's macro says how.
-#}
{% macro duckdb__get_assert_columns_equivalent(sql) %}
    {% set differing %}
        select 1
        from (describe {{ sql }}) as found
        full outer join (describe {{ get_empty_schema_sql(model['columns']) }}) as declared
            on lower(found.column_name) = lower(declared.column_name)
        where found.column_type is distinct from declared.column_type
    {% endset %}
    {% if not model['columns'] or adapter.execute(differing, fetch=True)[1].rows | length %}
        {{ assert_columns_equivalent(sql) }}
    {% endif %}
{% endmacro %}
