{#-
    Tables and views. They replace dbt's own materializations by the way that dbt documents for this (a materialization of
    the same name in the root project). dbt makes each relation under another name, comments on it, and renames it, each
    with a statement of its own, so that a database without transactions always has the old relation or the new one.
    DuckDB has transactions, and in a new file there is no old relation: one statement does it, with its transaction.
    That is a quarter of the CPU of a build of a small sample.
    Left out, because the project uses none: foreign keys, indexes beside those of keys, grants, partitions, Python
    models. dbt's own materializations do the rest of what these do, so to drop them:
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

    {#- With hooks in the transaction, dbt begins and ends it. -#}
    {% set is_whole = not (pre_hooks + post_hooks) | selectattr('transaction') | list %}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {#- A failure ends the transaction, too: each node has a cursor of its own, which closes after the node. -#}
    {% call statement('main', auto_begin=not is_whole) %}
        {{ 'begin transaction;' if is_whole }}
        {% if kind == 'view' %}
            {{ get_create_view_as_sql(written, compiled_code) }}
        {% else %}
            {{ create_table_as(False, written, compiled_code) }};
            {{ key_check(written) }}
        {% endif %}
        {{ comments(written, model) }}
        {% if existing is not none %}
            drop {{ existing.type }} {{ existing }} cascade;
            alter {{ kind }} {{ written }} rename to {{ adapter.quote(made.identifier) }};
        {% endif %}
        {{ 'commit;' if is_whole }}
    {% endcall %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% if not is_whole %}
        {{ adapter.commit() }}
    {% endif %}

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

{#-
    The key of a contract is checked in the statement that makes the table, and leaves no index. DuckDB stores an index for
    a primary key: at full scale those of the marts took a third of the published file, and no question uses
    them. The columns of the key are `not null` all the same. It replaces dbt's macro by the way that dbt documents for
    this (a macro of the same name in the root project). To drop it: delete both macros, and accept a larger file.
-#}
{% macro duckdb__get_table_columns_and_constraints() %}
    {% set keys = key_columns() %}
    {% set columns = {} %}
    {% for name, column in model.columns.items() %}
        {% set constraints = column.constraints | rejectattr('type', 'equalto', 'primary_key') | list %}
        {% if name in keys and not constraints | selectattr('type', 'equalto', 'not_null') | list %}
            {% do constraints.append({'type': 'not_null'}) %}
        {% endif %}
        {% do columns.update({name: dict(column, constraints=constraints)}) %}
    {% endfor %}
    {% set others = model.constraints | rejectattr('type', 'equalto', 'primary_key') | list %}
    (
        {{ (adapter.render_raw_columns_constraints(raw_columns=columns)
            + adapter.render_raw_model_constraints(raw_constraints=others)) | join(',\n        ') }}
    )
{% endmacro %}

{#- The columns of a contract's primary key; none without one. -#}
{% macro key_columns() %}
    {% for constraint in model.constraints if constraint.type == 'primary_key' %}
        {{ return(constraint.columns) }}
    {% endfor %}
    {% set keys = [] %}
    {% for name, column in model.columns.items() if column.constraints | selectattr('type', 'equalto', 'primary_key') | list %}
        {% do keys.append(name) %}
    {% endfor %}
    {{ return(keys) }}
{% endmacro %}

{#- A statement that fails if two rows have the same key: the table is then not made. -#}
{% macro key_check(relation) %}
    {% set keys = key_columns() %}
    {% if keys and config.get('contract').enforced %}
        select error(count(*) || ' rows of {{ relation.identifier }} have the same {{ keys | join(", ") }}')
        from {{ relation }}
        group by {{ keys | join(', ') }}
        having count(*) > 1
        limit 1;
    {% endif %}
{% endmacro %}
