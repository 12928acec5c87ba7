{#-
    The bits of several whole numbers together: below 0 where one of them is, and without such a one
    above 1 where one is. Half as dear as least() and greatest(), on every event there is.
-#}
{% macro united_bits(numbers) -%}
    ({{ numbers | join(' | ') }})
{%- endmacro %}

{#-
    Is one of these flags of an event, none of them negative, a number that stands for "not known" (seed
    sentinel_numbers)? 0 and 1 are what flags are, and nearly every row ends there: the seed's numbers are
    looked up for the rest only.
-#}
{% macro has_sentinel_flag(flags) -%}
    (
        {{ united_bits(flags) }} > 1
        and (
            {%- for flag in flags %}
            {{ is_sentinel(flag, 'email_clickers', '*') }}{{ ' or' if not loop.last }}
            {%- endfor %}
        )
    )
{%- endmacro %}

{#-
    Is this number one of the seed sentinel_numbers for its column? On DuckDB as a list, not a join: see
    is_placeholder.
-#}
{% macro is_sentinel(number, source_table, column_name) -%}
    {{ adapter.dispatch('is_sentinel')(number, source_table, column_name) }}
{%- endmacro %}

{% macro default__is_sentinel(number, source_table, column_name) -%}
    coalesce({{ number }} in (
        select sentinels.value
        from {{ ref('sentinel_numbers') }} as sentinels
        where sentinels.source_table = '{{ source_table }}' and sentinels.column_name = '{{ column_name }}'
    ), false)
{%- endmacro %}

{% macro duckdb__is_sentinel(number, source_table, column_name) -%}
    coalesce(list_contains((
        select list(sentinels.value)
        from {{ ref('sentinel_numbers') }} as sentinels
        where sentinels.source_table = '{{ source_table }}' and sentinels.column_name = '{{ column_name }}'
    ), {{ number }}), false)
{%- endmacro %}
