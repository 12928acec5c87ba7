{#-
    Weekly health of a set of addresses: the same SQL for the whole population
    (engagement_health_weekly) and for a segment (segment_health). `relation` has a row per address
    and week, each address once, with the columns of agg_engagement_by_address_week.
-#}

{#- The population's weeks, without gaps, each with what the addresses did; zeros where nothing (F34). -#}
{% macro summed_weeks(relation) -%}
    select
        weeks.week_start,
        weeks.week_start < weeks.last_week_start as is_complete_week,
        coalesce(counted.active_contacts, 0) as active_contacts,
        coalesce(counted.sends, 0) as sends,
        coalesce(counted.opens, 0) as opens,
        coalesce(counted.clicks, 0) as clicks,
        coalesce(counted.bounces, 0) as bounces,
        coalesce(counted.complaints, 0) as complaints,
        coalesce(counted.unsubs, 0) as unsubs
    from {{ population_weeks() }} as weeks
    left join (
        select
            week_start,
            count(case when engagements > 0 then 1 end) as active_contacts,
            cast(sum(sends) as bigint) as sends,
            cast(sum(opens) as bigint) as opens,
            cast(sum(clicks) as bigint) as clicks,
            cast(sum(bounces) as bigint) as bounces,
            cast(sum(complaints) as bigint) as complaints,
            cast(sum(unsubs) as bigint) as unsubs
        from {{ relation }}
        group by week_start
    ) as counted
        on weeks.week_start = counted.week_start
{%- endmacro %}

{#- Every Monday from the first week of the population's data to that of the clock. -#}
{% macro population_weeks() -%}
    {{ adapter.dispatch('population_weeks')() }}
{%- endmacro %}

{% macro default__population_weeks() -%}
    (
        select
            cast(unnest(generate_series(clock.first_week_start, clock.last_week_start, interval 7 day)) as date)
                as week_start,
            clock.last_week_start
        from {{ ref('agg_clock') }} as clock
    )
{%- endmacro %}

{% macro spark__population_weeks() -%}
    (
        select
            explode(sequence(clock.first_week_start, clock.last_week_start, interval 7 day)) as week_start,
            clock.last_week_start
        from {{ ref('agg_clock') }} as clock
    )
{%- endmacro %}

{#- Rates, and the status of each: the seed's band, and whether the Wilson interval lies inside it. -#}
{% macro graded_weeks(relation) -%}
    select
        weeks.week_start,
        weeks.is_complete_week,
        weeks.active_contacts,
        weeks.sends,
        weeks.opens,
        weeks.clicks,
        weeks.bounces,
        weeks.complaints,
        weeks.unsubs,
        {{ open_rate('weeks.opens', 'weeks.sends') }} as open_rate,
        {{ health_status('open_rate', 'weeks.opens', 'weeks.sends') }} as open_rate_status,
        {{ health_is_certain('open_rate', 'weeks.opens', 'weeks.sends') }} as open_rate_is_certain,
        {{ click_to_open_rate('weeks.clicks', 'weeks.opens') }} as click_to_open_rate,
        {{ health_status('click_to_open_rate', 'weeks.clicks', 'weeks.opens') }} as click_to_open_rate_status,
        {{ health_is_certain('click_to_open_rate', 'weeks.clicks', 'weeks.opens') }} as click_to_open_rate_is_certain,
        {{ click_rate('weeks.clicks', 'weeks.sends') }} as click_rate,
        {{ health_status('click_rate', 'weeks.clicks', 'weeks.sends') }} as click_rate_status,
        {{ health_is_certain('click_rate', 'weeks.clicks', 'weeks.sends') }} as click_rate_is_certain,
        {{ bounce_rate('weeks.bounces', 'weeks.sends') }} as bounce_rate,
        {{ health_status('bounce_rate', 'weeks.bounces', 'weeks.sends') }} as bounce_rate_status,
        {{ health_is_certain('bounce_rate', 'weeks.bounces', 'weeks.sends') }} as bounce_rate_is_certain,
        {{ unsub_rate('weeks.unsubs', 'weeks.sends') }} as unsub_rate,
        {{ health_status('unsub_rate', 'weeks.unsubs', 'weeks.sends') }} as unsub_rate_status,
        {{ health_is_certain('unsub_rate', 'weeks.unsubs', 'weeks.sends') }} as unsub_rate_is_certain,
        {{ complaint_rate('weeks.complaints', 'weeks.sends') }} as complaint_rate,
        {{ health_status('complaint_rate', 'weeks.complaints', 'weeks.sends') }} as complaint_rate_status,
        {{ health_is_certain('complaint_rate', 'weeks.complaints', 'weeks.sends') }} as complaint_rate_is_certain,
        {{ population_basis() }} as population_basis
    from {{ relation }} as weeks
    cross join {{ health_bounds() }} as bounds
{%- endmacro %}

{#- The seed health_thresholds as one row: one join serves every status of a query. -#}
{% macro health_bounds() -%}
    (
        select
            {%- for metric in [
                'open_rate', 'click_to_open_rate', 'click_rate', 'bounce_rate', 'unsub_rate', 'complaint_rate',
            ] %}
            max(case when metric = '{{ metric }}' then healthy_bound end) as {{ metric }}_healthy_bound,
            max(case when metric = '{{ metric }}' then critical_bound end) as {{ metric }}_critical_bound,
            max(case when metric = '{{ metric }}' and is_higher_better then 1 else 0 end) = 1
                as {{ metric }}_is_higher_better,
            max(case when metric = '{{ metric }}' then min_denominator end) as {{ metric }}_min_denominator
            {{- ',' if not loop.last }}
            {%- endfor %}
        from {{ ref('health_thresholds') }}
    )
{%- endmacro %}

{#- A number of a metric's row in the seed; needs the relation `bounds`. -#}
{% macro health_bound(metric, column) -%}
    bounds.{{ metric }}_{{ column }}
{%- endmacro %}

{#- The band that a percentage falls into; the middle band includes both of its ends (000-29). -#}
{% macro health_band(metric, value) -%}
    case
        when {{ health_bound(metric, 'is_higher_better') }}
            then case
                when {{ value }} > {{ health_bound(metric, 'healthy_bound') }} then 'healthy'
                when {{ value }} < {{ health_bound(metric, 'critical_bound') }} then 'critical'
                else 'warning'
            end
        when {{ value }} < {{ health_bound(metric, 'healthy_bound') }} then 'healthy'
        when {{ value }} > {{ health_bound(metric, 'critical_bound') }} then 'critical'
        else 'warning'
    end
{%- endmacro %}

{#- Status of a rate: graded on the unrounded percentage, once the denominator suffices. -#}
{% macro health_status(metric, numerator, denominator) -%}
    {{ adapter.dispatch('health_status')(metric, numerator, denominator) }}
{%- endmacro %}

{% macro default__health_status(metric, numerator, denominator) -%}
    case
        when {{ denominator }} < {{ health_bound(metric, 'min_denominator') }} then 'insufficient_data'
        else {{ health_band(metric, percent(numerator, denominator)) }}
    end
{%- endmacro %}

{#- Does the 95 percent Wilson interval lie inside the band, so that chance does not decide (F33)? -#}
{% macro health_is_certain(metric, numerator, denominator) -%}
    {{ adapter.dispatch('health_is_certain')(metric, numerator, denominator) }}
{%- endmacro %}

{% macro default__health_is_certain(metric, numerator, denominator) -%}
    case
        when {{ denominator }} < {{ health_bound(metric, 'min_denominator') }} then false
        when {{ numerator }} > {{ denominator }} then false
        else
            {{ health_band(metric, '100 * ' ~ wilson_bound(numerator, denominator, '-')) }}
            = {{ health_band(metric, '100 * ' ~ wilson_bound(numerator, denominator, '+')) }}
    end
{%- endmacro %}

{#- Order of statuses, the better the lower. -#}
{% macro status_rank(status) -%}
    case {{ status }} when 'healthy' then 1 when 'warning' then 2 when 'critical' then 3 end
{%- endmacro %}
