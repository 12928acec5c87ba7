{#-
    A hash of several columns, for rows without an id. The columns are joined by the unit separator, which no id contains,
    so that ('a', 'bc') and ('ab', 'c') differ.
-#}
{% macro surrogate_key(columns) -%}
    md5({% for column in columns %}coalesce(cast({{ column }} as varchar), ''){{ "|| chr(31) || " if not loop.last }}{% endfor %})
{%- endmacro %}

{#- Do the rows of a partition that fulfil a condition differ in any of the columns? A missing value is one of its own. -#}
{% macro differ_within(partition, columns, condition) -%}
    coalesce(
        min(case when {{ condition }} then {{ surrogate_key(columns) }} end) over (partition by {{ partition }})
        <> max(case when {{ condition }} then {{ surrogate_key(columns) }} end) over (partition by {{ partition }}),
        false
    )
{%- endmacro %}

{#-
    HMAC-SHA256 of a text (RFC 2104), cut to its first 128 bits, in hex: a pseudonym that only the holder of the key can
    recompute. 128 bits are enough to distinguish all people, and take half the space. The key's two pads are variables of
    the connection (scripts/enrichment/plugins/session_variables.py), so that no compiled file contains them.
-#}
{% macro keyed_hash(text) -%}
    {{ adapter.dispatch('keyed_hash')(text) }}
{%- endmacro %}

{% macro default__keyed_hash(text) -%}
    left(sha256(getvariable('hash_key_outer') || unhex(sha256(getvariable('hash_key_inner') || encode({{ text }})))), 32)
{%- endmacro %}

{#- A 64-bit hash for counting distinct texts fast; never stored. -#}
{% macro short_hash(text) -%}
    {{ adapter.dispatch('short_hash')(text) }}
{%- endmacro %}

{% macro default__short_hash(text) -%}
    hash({{ text }})
{%- endmacro %}

{% macro spark__short_hash(text) -%}
    xxhash64({{ text }})
{%- endmacro %}

{#- A voter as one text, in the form that requests use: 'WI:0012345'. -#}
{% macro voter_text(state, svid) -%}
    {{ state }} || ':' || {{ svid }}
{%- endmacro %}

{#-
    SHA-256, in hex, over the rows of a group: one line a row, with the columns separated by the unit separator, in sorted
    order. A group without rows gives the hash of an empty text.
-#}
{% macro digest_of_rows(columns) -%}
    {{ adapter.dispatch('digest_of_rows')(columns) }}
{%- endmacro %}

{% macro default__digest_of_rows(columns) -%}
    sha256(coalesce({{ dbt.listagg(columns | join(' || chr(31) || '), 'chr(10)', 'order by ' ~ columns | join(', ')) }}, ''))
{%- endmacro %}

{#- The project's version at the time of the build: a variable of the connection. -#}
{% macro code_version() -%}
    {{ adapter.dispatch('code_version')() }}
{%- endmacro %}

{% macro default__code_version() -%}
    cast(getvariable('code_version') as varchar)
{%- endmacro %}

{#- The digest of all definitions at the time of the build: a variable of the connection. -#}
{% macro code_digest() -%}
    {{ adapter.dispatch('code_digest')() }}
{%- endmacro %}

{% macro default__code_digest() -%}
    cast(getvariable('code_digest') as varchar)
{%- endmacro %}

{#- A delivered row as JSON text. Apply it after filtering: it is the slowest step on a row. -#}
{% macro row_as_json(row) -%}
    cast(to_json({{ row }}) as varchar)
{%- endmacro %}

{#-
    The id of a gift: its own id, otherwise a keyed hash of its columns (F50). A gift without a source keeps the id that it
    had before sources were read. For relations with the columns of base_giving__donations.
-#}
{% macro donation_key() -%}
    coalesce(donation_id, {{ keyed_hash(
        surrogate_key(['email_key', 'phone_key', 'donated_at', 'state', 'amount'])
        ~ " || coalesce(chr(31) || donation_source, '')"
    ) }})
{%- endmacro %}
