{#-
    A hash of several columns, for rows that bring no id of their own. They are joined by the unit
    separator, which no id holds, so that ('a', 'bc') and ('ab', 'c') differ.
-#}
{% macro surrogate_key(columns) -%}
    md5({% for column in columns %}coalesce(cast({{ column }} as varchar), ''){{ "|| chr(31) || " if not loop.last }}{% endfor %})
{%- endmacro %}

{#-
    HMAC-SHA256 of a text (RFC 2104), cut to its first 128 bits, in hex: a pseudonym that only the holder of the
    key can recompute. Half of it tells all people apart, at half the price. The key's two pads are variables of the
    connection (scripts/enrichment/plugins/session_variables.py), so that no compiled file holds them.
-#}
{% macro keyed_hash(text) -%}
    {{ adapter.dispatch('keyed_hash')(text) }}
{%- endmacro %}

{% macro default__keyed_hash(text) -%}
    left(sha256(getvariable('hash_key_outer') || unhex(sha256(getvariable('hash_key_inner') || encode({{ text }})))), 32)
{%- endmacro %}

{#- A 64-bit hash for counting distinct texts cheaply; never stored. -#}
{% macro short_hash(text) -%}
    {{ adapter.dispatch('short_hash')(text) }}
{%- endmacro %}

{% macro default__short_hash(text) -%}
    hash({{ text }})
{%- endmacro %}

{% macro spark__short_hash(text) -%}
    xxhash64({{ text }})
{%- endmacro %}

{#- A voter as one text, as it may also be requested: 'WI:0012345'. -#}
{% macro voter_text(state, svid) -%}
    {{ state }} || ':' || {{ svid }}
{%- endmacro %}

{#-
    SHA-256, in hex, over the rows of a group: a line each, with the columns parted by the unit separator,
    in their order. Of no rows, that of an empty text.
-#}
{% macro digest_of_rows(columns) -%}
    {{ adapter.dispatch('digest_of_rows')(columns) }}
{%- endmacro %}

{% macro default__digest_of_rows(columns) -%}
    sha256(coalesce({{ dbt.listagg(columns | join(' || chr(31) || '), 'chr(10)', 'order by ' ~ columns | join(', ')) }}, ''))
{%- endmacro %}

{#- The project's version when this ran: a variable of the connection. -#}
{% macro code_version() -%}
    {{ adapter.dispatch('code_version')() }}
{%- endmacro %}

{% macro default__code_version() -%}
    cast(getvariable('code_version') as varchar)
{%- endmacro %}

{#- What the definitions were when this ran: a variable of the connection. -#}
{% macro code_digest() -%}
    {{ adapter.dispatch('code_digest')() }}
{%- endmacro %}

{% macro default__code_digest() -%}
    cast(getvariable('code_digest') as varchar)
{%- endmacro %}

{#- A delivered row, whole, as JSON text. Apply it after the filter: it is the dearest thing one can do to a row. -#}
{% macro row_as_json(row) -%}
    cast(to_json({{ row }}) as varchar)
{%- endmacro %}

{#-
    The id of a gift: its own, else a keyed hash of its columns (F50). A gift without a source has the id that it had
    before there were sources. Meant for relations with the columns of stg_giving__donations.
-#}
{% macro donation_key() -%}
    coalesce(donation_id, {{ keyed_hash(
        surrogate_key(['email_key', 'phone_key', 'donated_at', 'state', 'amount'])
        ~ " || coalesce(chr(31) || donation_source, '')"
    ) }})
{%- endmacro %}
