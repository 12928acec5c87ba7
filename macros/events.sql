{#-
    Which delivered rows are one e-mail event (F16): rows with the same EVENT_ID; without one, rows that agree in every
    declared column. For relations with the columns of fct_email_rows.
-#}

{#- The id of an event: its own id, otherwise a hash of its columns. -#}
{% macro event_key() -%}
    coalesce(event_id, {{ surrogate_key([
        'email_key', 'campaign_id', 'client_shortname', 'event_at', 'sends', 'opens', 'clicks', 'bounces',
        'complaints', 'unsubs', 'is_bot',
    ]) }})
{%- endmacro %}

{#- The order of an event's rows, of which the first is kept: by time, then by the columns. -#}
{% macro first_of_event() -%}
    partition by event_key
    order by
        event_at nulls last,
        email_key nulls last,
        campaign_id nulls last,
        client_shortname nulls last,
        sends nulls last,
        opens nulls last,
        clicks nulls last,
        bounces nulls last,
        complaints nulls last,
        unsubs nulls last,
        is_bot nulls last
{%- endmacro %}

{#- Is this row of fct_email_rows an event that counts: not rejected, and not after the clock's day (F17)? -#}
{% macro is_accepted_event() -%}
    rejection_reason is null and not {{ is_future('event_at') }}
{%- endmacro %}
