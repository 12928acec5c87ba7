{#-
    What is known only when a build is over, written into the tables that say what it was: how long it
    took (`build_info`), and the rows and seconds of all that it made (`build_tables`). Run at the end of
    each dbt run, so that an analyst's own `dbt build` has it, too; of a run that made neither table,
    nothing is written.
-#}
{% macro record_build(results) %}
    {% set made = {} %}
    {% for result in results if result.node.resource_type in ['model', 'seed'] and result.status == 'success' %}
        {% do made.update({result.node.name: result}) %}
    {% endfor %}
    {% if 'build_info' in made %}
        {% set finished_at = modules.datetime.datetime.now(modules.pytz.utc) %}
        update {{ made['build_info'].node.relation_name }}
        set
            finished_at = cast('{{ finished_at.strftime("%Y-%m-%d %H:%M:%S") }}' as timestamp),
            duration_seconds = {{ (finished_at - run_started_at).total_seconds() }};
    {% endif %}
    {% if 'build_tables' in made and made | length > 1 %}
        insert into {{ made['build_tables'].node.relation_name }}
            (layer, table_name, kind, row_count, build_seconds, build_id)
        {% for name, result in made.items() if name != 'build_tables' %}
        select
            '{{ result.node.schema }}',
            '{{ name }}',
            '{{ result.node.config.materialized }}',
            {% if result.node.config.materialized in ['table', 'seed'] %}
            (select count(*) from {{ result.node.relation_name }}),
            {% else %}
            cast(null as bigint),
            {% endif %}
            {{ result.execution_time }},
            '{{ invocation_id }}'
        {{ 'union all' if not loop.last }}
        {% endfor %};
    {% endif %}
{% endmacro %}
