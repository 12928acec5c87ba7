{#-
    Writes what is known only at the end of a build: how long it took (`build_info`), which build the private half
    belongs to (`extracts.build`), and the rows and seconds of every table (`build_tables`). It runs at the end of each dbt run, also of an analyst's own `dbt build`. A run that
    made neither table writes nothing.
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
        create or replace table private.extracts.build as
        select build_id, as_of_date, code_digest from {{ made['build_info'].node.relation_name }};
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
