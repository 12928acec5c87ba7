{#-
    Which delivered rows are one e-mail event (F16): those with one EVENT_ID, else those that agree in
    every declared column. Meant for relations with the columns of stg_outreach__email_events.
-#}

{% macro event_columns() -%}
    {{ return([
        'email_key', 'campaign_id', 'client_shortname', 'event_at', 'sends', 'opens', 'clicks', 'bounces',
        'complaints', 'unsubs', 'is_bot',
    ]) }}
{%- endmacro %}

{#- The id of an event: its own, else a hash of its columns. -#}
{% macro event_key() -%}
    coalesce(event_id, {{ surrogate_key(event_columns()) }})
{%- endmacro %}

{#- The rows of one event, as a window. -#}
{% macro same_event() -%}
    partition by
        event_id
        {%- for column in event_columns() %},
        case when event_id is null then {{ column }} end
        {%- endfor %}
{%- endmacro %}

{#- The rows of one event in the order in which the first stays: by time, then by the columns. -#}
{% macro first_of_event() -%}
    {{ same_event() }}
    order by
        event_at nulls last
        {%- for column in event_columns() %},
        {{ column }} nulls last
        {%- endfor %}
{%- endmacro %}
