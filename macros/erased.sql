{#- Who is erased, computed once a build. -#}

{#-
    A view of the erased as base views read it. The view searches the extracts, and its plan is long: to plan it again in
    every base view takes longer than all the rest of a small build. A build therefore evaluates it once, when it makes
    the view, into a table in memory (hold_in_memory), and a variable of the session names that table
    (scripts/enrichment/plugins/session_variables.py). A reader of the finished file has no such variable and gets the
    view itself. The identifiers of the erased never reach a disk.
-#}
{% macro held(relation) -%}
    {{ adapter.dispatch('held')(relation) }}
{%- endmacro %}

{% macro default__held(relation) -%}
    {{ relation }}
{%- endmacro %}

{% macro duckdb__held(relation) -%}
    {%- if not execute or target.database == 'memory' or model.resource_type == 'unit_test' -%}
        {{ relation }}
    {%- else -%}
        {#- As text, without quotes: query_table reads it. A reader of the view attaches its file under this name. -#}
        {%- set view = text_literal(relation.database ~ '.' ~ relation.schema ~ '.' ~ relation.identifier) -%}
        query_table(coalesce(getvariable('held_{{ relation.identifier }}'), {{ view }}))
    {%- endif -%}
{%- endmacro %}

{#- The hook of the views of the erased: evaluates the view into memory. Nothing without requests. -#}
{% macro hold_in_memory(view) %}
    {% if execute and has_erasure_requests() %}
        create or replace table erased.main.{{ view.identifier }} as
        select * from {{ view }};
        delete from erased.main.held where view_name = '{{ view.identifier }}';
        insert into erased.main.held (view_name) values ('{{ view.identifier }}');
    {% endif %}
{% endmacro %}

{#- The relations in which is_in_none_of looks. Rendered at parse time too, so that dbt knows the references. -#}
{% macro erased_relations(persons, svids, voters) -%}
    {%- set erased = {} -%}
    {%- if not execute or has_erasure_requests() -%}
        {%- do erased.update(contacts=held(ref('stg_rights__erased_contacts'))) -%}
        {%- if persons -%}{%- do erased.update(persons=held(ref('stg_rights__erased_persons'))) -%}{%- endif -%}
        {%- if svids -%}{%- do erased.update(requests=held(ref('stg_rights__erasure_requests'))) -%}{%- endif -%}
        {%- if voters -%}{%- do erased.update(svids=held(ref('stg_rights__erased_svids'))) -%}{%- endif -%}
    {%- endif -%}
    {{ return(erased) }}
{%- endmacro %}
