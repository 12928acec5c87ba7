{#-
    Which delivered rows are one e-mail event (F16). Rows with the same EVENT_ID, address, campaign, client and IS_BOT
    are about one message; a row that another row of its message covers is no event of its own. Without an id, a row is
    one event with the rows that agree in every declared column. For relations with the columns of fct_email_rows.
-#}

{#- What a row is about: the message, or without an id all columns of the row. -#}
{% macro message_key() -%}
    case
        when event_id is not null
            then {{ surrogate_key(['event_id', 'email_key', 'campaign_id', 'client_shortname', 'is_bot']) }}
        else {{ event_columns_key() }}
    end
{%- endmacro %}

{#-
    A text that all rows of a message have in common, and few other rows: message_key without the work of it. For a fast
    first search; the key decides.
-#}
{% macro message_lookup() -%}
    coalesce(event_id, email_key || cast(event_at as varchar))
{%- endmacro %}

{#- Key of a kept event: its message and its flags, or without an id all columns of the row. -#}
{% macro event_key() -%}
    case
        when event_id is not null
            then {{ surrogate_key([
                'event_id', 'email_key', 'campaign_id', 'client_shortname', 'is_bot', 'sends', 'opens', 'clicks',
                'bounces', 'complaints', 'unsubs',
            ]) }}
        else {{ event_columns_key() }}
    end
{%- endmacro %}

{% macro event_columns_key() -%}
    {{ surrogate_key([
        'email_key', 'campaign_id', 'client_shortname', 'event_at', 'sends', 'opens', 'clicks', 'bounces', 'complaints',
        'unsubs', 'is_bot', 'link',
    ]) }}
{%- endmacro %}

{#-
    Why a row of email_clickers is refused: the first reason that applies. The clock is read from the accepted rows, so
    rows after its day are refused later. For relations with the columns of base_outreach__email_events.
-#}
{% macro email_rejection_reason() -%}
    {%- set event_flags = ['sends', 'opens', 'clicks', 'bounces', 'complaints', 'unsubs'] -%}
    case
            when is_deleted_at_source then 'deleted_at_source'
            when uncastable_columns is not null then 'uncastable_value'
            when email_key is null then 'email_' || {{ missing_email_reason('email_key', 'delivered_email') }}
            when event_at is null then 'date_missing'
            when event_at < cast('1990-01-01' as timestamp) then 'date_ancient'
            when {{ united_bits(event_flags) }} < 0 then 'negative_flag'
            when {{ has_sentinel_flag(event_flags) }} then 'sentinel_number'
        end
{%- endmacro %}

{#- The types of the events that the flags of an e-mail event stand for. -#}
{% macro email_flags_of_types() %}
    {{ return({
        'email_send': 'sends',
        'email_open': 'opens',
        'email_click': 'clicks',
        'email_bounce': 'bounces',
        'email_complaint': 'complaints',
        'email_unsubscribe': 'unsubs',
    }) }}
{% endmacro %}

{#- Is this row of fct_email_rows an event that counts: not rejected, and not after the clock's day (F17)? -#}
{% macro is_accepted_event() -%}
    rejection_reason is null and not {{ is_future('event_at') }}
{%- endmacro %}

{#-
    Windows of time around the moment of a row; `seconds` is a column, and both ends belong to the window. Spark accepts
    no column as the end of a window, nor a distinct count over one: it needs an arm of its own here.
-#}

{#- The rows of a partition that are at most so many seconds away, this one included. -#}
{% macro rows_around(partition, moment, seconds) -%}
    {{ adapter.dispatch('rows_around')(partition, moment, seconds) }}
{%- endmacro %}

{% macro default__rows_around(partition, moment, seconds) -%}
    count(*) over (
        partition by {{ partition }}
        order by {{ moment }}
        range between to_seconds({{ seconds }}) preceding and to_seconds({{ seconds }}) following
    )
{%- endmacro %}

{#- The distinct values in the rows of a partition from this one until so many seconds later. -#}
{% macro distinct_following(value, partition, moment, seconds) -%}
    {{ adapter.dispatch('distinct_following')(value, partition, moment, seconds) }}
{%- endmacro %}

{% macro default__distinct_following(value, partition, moment, seconds) -%}
    count(distinct {{ value }}) over (
        partition by {{ partition }}
        order by {{ moment }}
        range between current row and to_seconds({{ seconds }}) following
    )
{%- endmacro %}

{#- The largest value in the rows of a partition from this one until so many seconds later. -#}
{% macro last_following(value, partition, moment, seconds) -%}
    {{ adapter.dispatch('last_following')(value, partition, moment, seconds) }}
{%- endmacro %}

{% macro default__last_following(value, partition, moment, seconds) -%}
    max({{ value }}) over (
        partition by {{ partition }}
        order by {{ moment }}
        range between current row and to_seconds({{ seconds }}) following
    )
{%- endmacro %}
