{#- The one clock for marts and questions: a date, the same for every model of a build (F17). -#}
{% macro as_of_date() -%}
    (select clock.as_of_date from {{ ref('agg_clock') }} as clock)
{%- endmacro %}

{#- The day on which this dbt run started (UTC): nothing later can have happened. -#}
{% macro build_date() -%}
    cast('{{ run_started_at.strftime("%Y-%m-%d") }}' as date)
{%- endmacro %}

{#-
    The first moment of the last day that an extract reaches into, valid rows or not, up to the day of
    the build: a timestamp that is known before the statement that needs it is planned.
-#}
{% macro last_day_of(source_table, column) -%}
    {%- set query -%}
        select cast(max({{ column }}) as date) from extracts.{{ source_table }} where cast({{ column }} as date) <= {{ build_date() }}
    {%- endset -%}
    {%- set last_day = run_query(query).rows[0][0] if execute and target.database != 'memory' else none -%}
    cast({{ "'" ~ last_day ~ "'" if last_day else 'null' }} as timestamp)
{%- endmacro %}

{#- The var as_of_date as a date; anything but an ISO date stops the run. -#}
{% macro given_as_of_date() -%}
    {%- set given = var('as_of_date') | string -%}
    {%- if not modules.re.match('^[0-9]{4}-[0-9]{2}-[0-9]{2}$', given) -%}
        {{ exceptions.raise_compiler_error('as_of_date must be an ISO date such as 2026-06-30, not "' ~ given ~ '"') }}
    {%- endif -%}
    cast('{{ given }}' as date)
{%- endmacro %}

{#-
    Is this moment after the clock's day? Never NULL, and not for its own sake: of a bare comparison DuckDB makes a
    join, takes millions of rows for a hundred, and puts them all into the hash tables of the joins behind it.
-#}
{% macro is_future(moment) -%}
    coalesce(cast({{ moment }} as date) > (select clock.as_of_date from {{ ref('stg_clock') }} as clock), false)
{%- endmacro %}

{#- Calendar days from one date to a later one; negative when it is earlier. -#}
{% macro days_between(earlier, later) -%}
    {{ adapter.dispatch('days_between')(earlier, later) }}
{%- endmacro %}

{% macro default__days_between(earlier, later) -%}
    date_diff('day', cast({{ earlier }} as date), cast({{ later }} as date))
{%- endmacro %}

{% macro spark__days_between(earlier, later) -%}
    cast(datediff(cast({{ later }} as date), cast({{ earlier }} as date)) as bigint)
{%- endmacro %}

{#- The Monday of a date's or timestamp's week. -#}
{% macro week_start(moment) -%}
    cast(date_trunc('week', {{ moment }}) as date)
{%- endmacro %}

{#-
    Text in ISO 8601 as a UTC timestamp, NULL for any other text: a date, or a date and a time with
    an optional offset (none means UTC).
-#}
{% macro iso_timestamp(text) -%}
    {%- set day = '[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}' -%}
    {%- set time = '[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.][0-9]+)?)?' -%}
    {%- set offset = '(?:Z|[+-](?:[01][0-9]|2[0-3])(?::?[0-5][0-9])?)' -%}
    case
        when {{ matches(text, day ~ '(?:' ~ time ~ ')?') }} then try_cast({{ text }} as timestamp)
        when {{ matches(text, day ~ time ~ offset) }} then {{ utc_timestamp(text) }}
    end
{%- endmacro %}

{#- A text with an offset as a timestamp in UTC. -#}
{% macro utc_timestamp(text) -%}
    {{ adapter.dispatch('utc_timestamp')(text) }}
{%- endmacro %}

{% macro default__utc_timestamp(text) -%}
    try_cast(regexp_replace({{ text }}, '([+-][0-9]{2})([0-9]{2})$', '\1:\2') as timestamptz) at time zone 'UTC'
{%- endmacro %}

{% macro spark__utc_timestamp(text) -%}
    try_cast({{ text }} as timestamp)
{%- endmacro %}

{#- Whole years of age on a day; somebody born on 29 February is a year older on 1 March. -#}
{% macro age_in_years(birth_date, on_date) -%}
    extract(year from {{ on_date }}) - extract(year from {{ birth_date }})
    - case
        when
            extract(month from {{ on_date }}) * 100 + extract(day from {{ on_date }})
            < extract(month from {{ birth_date }}) * 100 + extract(day from {{ birth_date }})
            then 1
        else 0
    end
{%- endmacro %}
