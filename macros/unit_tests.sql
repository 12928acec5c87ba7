{#-
    How a unit test is rendered. These macros replace dbt's own by the way that dbt documents for this (a macro, or a
    materialization, of the same name in the root project). The SQL says the same. dbt casts each cell with macros of
    its own, also the cells that no row gives, and makes a table for the columns of the result. That is half of the
    CPU of all unit tests.
    To drop it: delete this file, and accept slower unit tests.
-#}

{#- Rows of YAML as a query with all columns of an input; what a row does not give is NULL. -#}
{% macro get_fixture_sql(rows, column_name_to_data_types) %}
    {% set types = column_name_to_data_types or described('from ' ~ this) %}
    {% set given = given_columns(rows, types, model.name) %}
    select
        {%- for name, type in types.items() %}
        {{ '' if name in given else 'cast(null as ' ~ type ~ ') as ' }}{{ adapter.quote(name) }}{{ ',' if not loop.last }}
        {%- endfor %}
    from (
        {{ fixture_rows(rows, given, types) }}
    ) as fixture
{% endmacro %}

{#- Names and types of the columns of a query, in its order. -#}
{% macro described(query) %}
    {% set types = {} %}
    {% for row in adapter.execute('select column_name, column_type from (describe ' ~ query ~ ')', fetch=True)[1].rows %}
        {% do types.update({row[0]: row[1]}) %}
    {% endfor %}
    {{ return(types) }}
{% endmacro %}

{#- The columns that rows give, by their names in the relation. -#}
{% macro given_columns(rows, types, what) %}
    {% set known = {} %}
    {% for name in types %}
        {% do known.update({name | lower: name}) %}
    {% endfor %}
    {% set given = {} %}
    {% for row in rows %}
        {% for name in row %}
            {% if name | lower not in known %}
                {{ exceptions.raise_compiler_error(
                    "The rows of '" ~ what ~ "' have a column " ~ name ~ "; it has " ~ known.values() | join(', ')
                ) }}
            {% endif %}
            {% do given.update({known[name | lower]: name | lower}) %}
        {% endfor %}
    {% endfor %}
    {{ return(given) }}
{% endmacro %}

{#- The given columns of rows, typed. -#}
{% macro fixture_rows(rows, given, types) -%}
    {%- for row in rows %}
    {%- set cells = {} %}
    {%- for name, value in row.items() %}{% do cells.update({name | lower: value}) %}{% endfor %}
    select
        {%- for name, lowered in given.items() %}
        {%- set value = cells.get(lowered) %}
        cast({% if value is string %}'{{ value | replace("'", "''") }}'{% elif value is none %}null{% else %}{{ value }}{% endif %} as {{ types[name] }}) as {{ adapter.quote(name) }}{{ ',' if not loop.last }}
        {%- else %} 1 as unused
        {%- endfor %}
    {{ 'union all' if not loop.last }}
    {%- else %}
    select 1 as unused where false
    {%- endfor %}
{%- endmacro %}

{% materialization unit, adapter='duckdb' %}
    {% set rows = config.get('expected_rows') %}
    {% set types = described(sql) %}
    {% set given = given_columns(rows, types, 'expect') if rows else types %}
    {% if config.get('expected_sql') %}
        {% set expected = config.get('expected_sql') %}
    {% elif rows %}
        {% set expected = fixture_rows(rows, given, types) %}
    {% else %}
        {% set expected = 'select * from dbt_internal_unit_test_actual where false' %}
    {% endif %}
    {% call statement('main', fetch_result=True) %}
        {{ get_unit_test_sql(sql, expected, given.keys() | map('tojson') | list) }}
    {% endcall %}
    {{ return({'relations': []}) }}
{% endmaterialization %}
