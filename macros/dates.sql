{#- The reference date, the same for every model of a build: every window counts back from it (F17). -#}
{% macro as_of_date() -%}
    (select clock.as_of_date from {{ ref('key_clock') }} as clock)
{%- endmacro %}

{#- The day on which this dbt run started (UTC): no event can be later. -#}
{% macro build_date() -%}
    cast('{{ run_started_at.strftime("%Y-%m-%d") }}' as date)
{%- endmacro %}

{#-
    The first moment of the last day in an extract, up to the day of the build, valid rows or not. It is a literal
    timestamp, so that the engine knows it when it plans the statement.
-#}
{% macro last_day_of(source_table, column) -%}
    {%- set query -%}
        select cast(max({{ column }}) as date) from private.extracts.{{ source_table }} where cast({{ column }} as date) <= {{ build_date() }}
    {%- endset -%}
    {%- set last_day = run_query(query).rows[0][0] if execute and target.database != 'memory' else none -%}
    cast({{ "'" ~ last_day ~ "'" if last_day else 'null' }} as timestamp)
{%- endmacro %}

{#- The var as_of_date as a date; any other text stops the run. -#}
{% macro given_as_of_date() -%}
    {%- set given = var('as_of_date') | string -%}
    {%- if not modules.re.match('^[0-9]{4}-[0-9]{2}-[0-9]{2}$', given) -%}
        {{ exceptions.raise_compiler_error('as_of_date must be an ISO date such as 2026-06-30, not "' ~ given ~ '"') }}
    {%- endif -%}
    cast('{{ given }}' as date)
{%- endmacro %}

{#-
    Is this moment after the clock's day? Never NULL. The coalesce also keeps DuckDB from turning the comparison into a
    join: it would expect a hundred rows, get millions, and put them all into the hash tables of later joins.
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

{#- Seconds from one moment to a later one, with their fraction. -#}
{% macro seconds_between(earlier, later) -%}
    {{ adapter.dispatch('seconds_between')(earlier, later) }}
{%- endmacro %}

{% macro default__seconds_between(earlier, later) -%}
    (epoch({{ later }}) - epoch({{ earlier }}))
{%- endmacro %}

{% macro spark__seconds_between(earlier, later) -%}
    (cast({{ later }} as double) - cast({{ earlier }} as double))
{%- endmacro %}

{#- A moment so many seconds later. -#}
{% macro add_seconds(moment, seconds) -%}
    {{ adapter.dispatch('add_seconds')(moment, seconds) }}
{%- endmacro %}

{% macro default__add_seconds(moment, seconds) -%}
    ({{ moment }} + to_seconds({{ seconds }}))
{%- endmacro %}

{% macro spark__add_seconds(moment, seconds) -%}
    timestampadd(second, {{ seconds }}, {{ moment }})
{%- endmacro %}

{#- The first day of a date's or timestamp's month. -#}
{% macro month_start(moment) -%}
    cast(date_trunc('month', {{ moment }}) as date)
{%- endmacro %}

{#- Calendar months from the month of one date to the month of a later one; the day does not matter. -#}
{% macro months_between(earlier, later) -%}
    cast(
        (extract(year from {{ later }}) - extract(year from {{ earlier }})) * 12
        + extract(month from {{ later }}) - extract(month from {{ earlier }}) as bigint
    )
{%- endmacro %}

{#- A row for each whole number from 0 to `last`, a number or a column; to be used as a column of a select. -#}
{% macro numbers_up_to(last) -%}
    {{ adapter.dispatch('numbers_up_to')(last) }}
{%- endmacro %}

{% macro default__numbers_up_to(last) -%}
    unnest(generate_series(cast(0 as bigint), {{ last }}))
{%- endmacro %}

{% macro spark__numbers_up_to(last) -%}
    explode(sequence(cast(0 as bigint), {{ last }}))
{%- endmacro %}

{#- The Monday of a date's or timestamp's week. -#}
{% macro week_start(moment) -%}
    cast(date_trunc('week', {{ moment }}) as date)
{%- endmacro %}

{#- The parts of a moment in ISO 8601, as regular expressions. -#}
{% macro iso_day() -%}
    [1-9][0-9]{3}-[0-9]{2}-[0-9]{2}
{%- endmacro %}

{% macro iso_time() -%}
    [T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.][0-9]+)?)?
{%- endmacro %}

{% macro iso_offset() -%}
    [+-](?:[01][0-9]|2[0-3])(?::?[0-5][0-9])?
{%- endmacro %}

{#-
    Text in ISO 8601 as a UTC timestamp: a date, or a date and a time with an optional offset (none means UTC). Any other
    text gives NULL.
-#}
{% macro iso_timestamp(text) -%}
    case
        when {{ matches(text, iso_day() ~ '(?:' ~ iso_time() ~ ')?') }} then try_cast({{ text }} as timestamp)
        when {{ matches(text, iso_day() ~ iso_time() ~ '(?:Z|' ~ iso_offset() ~ ')') }} then {{ utc_timestamp(text) }}
    end
{%- endmacro %}

{#-
    The local time of a text in ISO 8601 with an offset; NULL without an offset. Z and +00:00 also give NULL: they only
    say that the time is written in UTC, and not where the event happened.
-#}
{% macro given_local_timestamp(text) -%}
    case
        when
            {{ matches(text, iso_day() ~ iso_time() ~ iso_offset()) }}
            and not {{ matches(text, '.*[+-]00(?::?00)?') }}
            then try_cast({{ replace_all(text, iso_offset() ~ '$', '') }} as timestamp)
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

{#- Whole years of age on a day; a person born on 29 February is a year older on 1 March. -#}
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

{#-
    Is this the birth date of a living person? A year up to `unknown_year_until` stands for an unknown one; an age above
    `max_age` on the day is a mistake (`rules` is birthday_rules). A date in the future may be a minor's to come.
-#}
{% macro is_plausible_birth(birth_date, on_date, rules) -%}
    (
        extract(year from {{ birth_date }}) > {{ rules }}.unknown_year_until
        and {{ age_in_years(birth_date, on_date) }} <= {{ rules }}.max_age
    )
{%- endmacro %}

{#- A moment in UTC as local time of a time zone; the zone is an IANA name such as America/Chicago (F64). -#}
{% macro local_time(moment, time_zone) -%}
    {{ adapter.dispatch('local_time')(moment, time_zone) }}
{%- endmacro %}

{% macro default__local_time(moment, time_zone) -%}
    timezone({{ time_zone }}, {{ moment }} at time zone 'UTC')
{%- endmacro %}

{% macro spark__local_time(moment, time_zone) -%}
    from_utc_timestamp({{ moment }}, {{ time_zone }})
{%- endmacro %}

{#- Day of the week of a date, 1 is Monday and 7 is Sunday. -#}
{% macro iso_weekday(day) -%}
    {{ adapter.dispatch('iso_weekday')(day) }}
{%- endmacro %}

{% macro default__iso_weekday(day) -%}
    extract(isodow from {{ day }})
{%- endmacro %}

{% macro spark__iso_weekday(day) -%}
    (weekday({{ day }}) + 1)
{%- endmacro %}

{#- English name of a day of the week, 1 is Monday. -#}
{% macro weekday_name(number) -%}
    case {{ number }}
        when 1 then 'Monday'
        when 2 then 'Tuesday'
        when 3 then 'Wednesday'
        when 4 then 'Thursday'
        when 5 then 'Friday'
        when 6 then 'Saturday'
        when 7 then 'Sunday'
    end
{%- endmacro %}

{#- English name of a month, 1 is January. -#}
{% macro month_name(number) -%}
    case {{ number }}
        when 1 then 'January'
        when 2 then 'February'
        when 3 then 'March'
        when 4 then 'April'
        when 5 then 'May'
        when 6 then 'June'
        when 7 then 'July'
        when 8 then 'August'
        when 9 then 'September'
        when 10 then 'October'
        when 11 then 'November'
        when 12 then 'December'
    end
{%- endmacro %}

{#- The date a number of days later; earlier for a negative number. -#}
{% macro add_days(day, days) -%}
    {{ adapter.dispatch('add_days')(day, days) }}
{%- endmacro %}

{% macro default__add_days(day, days) -%}
    (cast({{ day }} as date) + cast({{ days }} as integer))
{%- endmacro %}

{% macro spark__add_days(day, days) -%}
    date_add(cast({{ day }} as date), cast({{ days }} as int))
{%- endmacro %}

{#-
    The birthday in a year of a person born on a date. In a year without 29 February, a birthday on that day moves to
    `leap_day_shift` days after the 28th (F66).
-#}
{% macro birthday_in(birth_date, year, leap_day_shift) -%}
    case
        when extract(month from {{ birth_date }}) = 2 and extract(day from {{ birth_date }}) = 29
            then {{ add_days(
                'make_date(cast(' ~ year ~ ' as integer), 2, 28)',
                'case when ' ~ is_leap_year(year) ~ ' then 1 else ' ~ leap_day_shift ~ ' end'
            ) }}
        else make_date(
            cast({{ year }} as integer),
            cast(extract(month from {{ birth_date }}) as integer),
            cast(extract(day from {{ birth_date }}) as integer)
        )
    end
{%- endmacro %}

{#- Does this year have a 29 February? -#}
{% macro is_leap_year(year) -%}
    (mod({{ year }}, 4) = 0 and mod({{ year }}, 100) <> 0 or mod({{ year }}, 400) = 0)
{%- endmacro %}
