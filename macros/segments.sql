{#-
    The history of segments. The extracts do not hold it, so every build that publishes, a full refresh too, takes it from
    the database that it replaces (macros/carry.sql). Unit tests override these macros with rows of their own.
-#}

{#- The spells of the last published build. -#}
{% macro last_segment_spells() -%}
    {%- set last_spells = relation_in('previous', this) -%}
    {%- if last_spells -%}
        select segment, state, svid, entered_on, entered_by, left_on, left_by from {{ last_spells }}
    {%- else -%}
        select
            cast(null as varchar) as segment,
            cast(null as varchar) as state,
            cast(null as varchar) as svid,
            cast(null as date) as entered_on,
            cast(null as varchar) as entered_by,
            cast(null as date) as left_on,
            cast(null as varchar) as left_by
        where false
    {%- endif -%}
{%- endmacro %}

{#- The sizes of the segments in the last published build. -#}
{% macro last_segment_sizes() -%}
    {%- set last_sizes = relation_in('previous', this) -%}
    {%- if last_sizes -%}
        select segment, as_of_date, definition_hash, people from {{ last_sizes }}
    {%- else -%}
        select
            cast(null as varchar) as segment,
            cast(null as date) as as_of_date,
            cast(null as varchar) as definition_hash,
            cast(null as bigint) as people
        where false
    {%- endif -%}
{%- endmacro %}
