{#- Macros for the optional extracts of the channels (models/staging/channels). -#}

{#-
    Why a row of a channel is refused: the first reason that applies. `own` holds the table's own reasons, as pairs of a
    condition and a reason; they come last. Rows after the clock's day are refused later, because the clock is read from
    the accepted rows. For relations with the columns is_deleted_at_source, uncastable_columns, email_key, phone_key and occurred_at; `svid` is
    another column that identifies the person.
-#}
{% macro channel_rejection_reason(own=[], svid=none) -%}
    case
        when is_deleted_at_source then 'deleted_at_source'
        when uncastable_columns is not null then 'uncastable_value'
        when email_key is null and phone_key is null {{ 'and ' ~ svid ~ ' is null ' if svid }}then 'no_identifier'
        when occurred_at is null then 'date_missing'
        when occurred_at < cast('1990-01-01' as timestamp) then 'date_ancient'
        {%- for condition, reason in own %}
        when {{ condition }} then '{{ reason }}'
        {%- endfor %}
    end
{%- endmacro %}

{#-
    A topic, lower case. Text that may name somebody gives NULL: text with an @, with five digits in a row, or longer than
    a heading (F89).
-#}
{% macro topic_text(text) -%}
    case
        when
            {{ matches(text_id(text), '[^@]{1,60}') }}
            and not {{ matches(text_id(text), '.*[0-9]{5}.*') }}
            then lower({{ text_id(text) }})
    end
{%- endmacro %}

{#- Is this text JSON? -#}
{% macro is_json(text) -%}
    {{ adapter.dispatch('is_json')(text) }}
{%- endmacro %}

{% macro default__is_json(text) -%}
    coalesce(json_valid({{ text }}), false)
{%- endmacro %}

{% macro spark__is_json(text) -%}
    (get_json_object({{ text }}, '$') is not null)
{%- endmacro %}

{#-
    The property of a JSON text that the seed allowed_properties allows for a target, as text: the first in the seed's
    order that exists. The argument is valid JSON or NULL. On DuckDB the seed is a list, not a join: see is_placeholder.
-#}
{% macro allowed_property(json, json_column, target) -%}
    {{ adapter.dispatch('allowed_property')(json, json_column, target) }}
{%- endmacro %}

{% macro default__allowed_property(json, json_column, target) -%}
    (
        select min_by(get_json_object({{ json }}, allowed.path), allowed.sort_order)
        from {{ ref('allowed_properties') }} as allowed
        where
            allowed.json_column = '{{ json_column }}'
            and allowed.target = '{{ target }}'
            and get_json_object({{ json }}, allowed.path) is not null
    )
{%- endmacro %}

{% macro duckdb__allowed_property(json, json_column, target) -%}
    list_extract(list_filter(
        list_transform((
            select list(allowed.path order by allowed.sort_order)
            from {{ ref('allowed_properties') }} as allowed
            where allowed.json_column = '{{ json_column }}' and allowed.target = '{{ target }}'
        ), lambda path: json_extract_string({{ json }}, path)),
        lambda found: found is not null
    ), 1)
{%- endmacro %}

{#-
    Does an event on this channel reveal a political opinion? The topic of a petition or a survey does: it is counted for
    all people together and never stored with a person (F69).
-#}
{% macro tells_opinion(channel) -%}
    {{ channel }} in ('petition', 'survey')
{%- endmacro %}
