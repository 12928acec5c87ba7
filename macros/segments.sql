{#-
    The history of segments. The extracts do not hold it, so every build that publishes, a full refresh too, takes it from
    the database that it replaces (macros/carry.sql). Unit tests override these macros with rows of their own.
-#}

{#- The spells of the last published build; no rows without one. -#}
{% macro last_segment_spells() -%}
    {%- set last_spells = relation_in('previous', this) -%}
    select
        segment,
        state,
        svid,
        entered_on,
        entered_by,
        left_on,
        left_by
    from {{ last_spells or no_rows({
        'segment': 'varchar', 'state': 'varchar', 'svid': 'varchar', 'entered_on': 'date', 'entered_by': 'varchar',
        'left_on': 'date', 'left_by': 'varchar',
    }) }}
{%- endmacro %}

{#- The sizes of the segments in the last published build; no rows without one. -#}
{% macro last_segment_sizes() -%}
    {%- set last_sizes = relation_in('previous', this) -%}
    select
        segment,
        as_of_date,
        definition_hash,
        people
    from {{ last_sizes or no_rows({
        'segment': 'varchar', 'as_of_date': 'date', 'definition_hash': 'varchar', 'people': 'bigint',
    }) }}
{%- endmacro %}

{#- A relation without rows; `columns` are its columns with their types. -#}
{% macro no_rows(columns) -%}
    (
        select
            {%- for column, data_type in columns.items() %}
            cast(null as {{ data_type }}) as {{ column }}{{ ',' if not loop.last }}
            {%- endfor %}
        where false
    ) as no_rows
{%- endmacro %}
