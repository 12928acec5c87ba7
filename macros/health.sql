{#-
    Weekly health of a set of addresses: the same SQL for the whole population
    (engagement_health_weekly) and for a segment (segment_health). `relation` has a row per address
    and week, each address once, with the columns of agg_engagement_by_address_week.
-#}

{#- Every week of the population, without gaps, with what the addresses did; zeros in an empty week (F34). -#}
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
        coalesce(counted.unsubs, 0) as unsubs,
        coalesce(counted.delivered, 0) as delivered,
        coalesce(counted.unique_delivered, 0) as unique_delivered,
        coalesce(counted.unique_opens, 0) as unique_opens,
        coalesce(counted.unique_clicks, 0) as unique_clicks,
        coalesce(counted.answers, 0) as answers,
        coalesce(counted.machine_answers, 0) as machine_answers
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
            cast(sum(unsubs) as bigint) as unsubs,
            {{ delivered('sum(sends)', 'sum(bounces)') }} as delivered,
            cast(sum(unique_delivered) as bigint) as unique_delivered,
            cast(sum(unique_opens) as bigint) as unique_opens,
            cast(sum(unique_clicks) as bigint) as unique_clicks,
            cast(sum(answers) as bigint) as answers,
            cast(sum(machine_answers) as bigint) as machine_answers
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
        from {{ ref('key_clock') }} as clock
    )
{%- endmacro %}

{% macro spark__population_weeks() -%}
    (
        select
            explode(sequence(clock.first_week_start, clock.last_week_start, interval 7 day)) as week_start,
            clock.last_week_start
        from {{ ref('key_clock') }} as clock
    )
{%- endmacro %}

{#- Rates, and the status of each: the seed's band, and whether the Wilson interval lies inside it. -#}
{% macro graded_weeks(relation) -%}
    select
        weeks.*,
        {{ unique_open_rate('weeks.unique_opens', 'weeks.unique_delivered') }} as unique_open_rate,
        {{ unique_click_rate('weeks.unique_clicks', 'weeks.unique_delivered') }} as unique_click_rate,
        {{ machine_share('weeks.machine_answers', 'weeks.answers') }} as machine_share,
        {{ open_rate('weeks.opens', 'weeks.sends') }} as open_rate,
        coalesce(grades.open_rate_status, 'insufficient_data') as open_rate_status,
        coalesce(grades.open_rate_is_certain, false) as open_rate_is_certain,
        {{ click_to_open_rate('weeks.clicks', 'weeks.opens') }} as click_to_open_rate,
        coalesce(grades.click_to_open_rate_status, 'insufficient_data') as click_to_open_rate_status,
        coalesce(grades.click_to_open_rate_is_certain, false) as click_to_open_rate_is_certain,
        {{ click_rate('weeks.clicks', 'weeks.sends') }} as click_rate,
        coalesce(grades.click_rate_status, 'insufficient_data') as click_rate_status,
        coalesce(grades.click_rate_is_certain, false) as click_rate_is_certain,
        {{ bounce_rate('weeks.bounces', 'weeks.sends') }} as bounce_rate,
        coalesce(grades.bounce_rate_status, 'insufficient_data') as bounce_rate_status,
        coalesce(grades.bounce_rate_is_certain, false) as bounce_rate_is_certain,
        {{ unsub_rate('weeks.unsubs', 'weeks.sends') }} as unsub_rate,
        coalesce(grades.unsub_rate_status, 'insufficient_data') as unsub_rate_status,
        coalesce(grades.unsub_rate_is_certain, false) as unsub_rate_is_certain,
        {{ complaint_rate('weeks.complaints', 'weeks.sends') }} as complaint_rate,
        coalesce(grades.complaint_rate_status, 'insufficient_data') as complaint_rate_status,
        coalesce(grades.complaint_rate_is_certain, false) as complaint_rate_is_certain,
        {{ population_basis() }} as population_basis
    from {{ relation }} as weeks
    -- Most weeks of a small segment have too few events to grade.
    left join (
        select
            week_start,
            max(case when metric = 'open_rate' then status end) as open_rate_status,
            max(case when metric = 'open_rate' then is_certain end) as open_rate_is_certain,
            max(case when metric = 'click_to_open_rate' then status end) as click_to_open_rate_status,
            max(case when metric = 'click_to_open_rate' then is_certain end) as click_to_open_rate_is_certain,
            max(case when metric = 'click_rate' then status end) as click_rate_status,
            max(case when metric = 'click_rate' then is_certain end) as click_rate_is_certain,
            max(case when metric = 'bounce_rate' then status end) as bounce_rate_status,
            max(case when metric = 'bounce_rate' then is_certain end) as bounce_rate_is_certain,
            max(case when metric = 'unsub_rate' then status end) as unsub_rate_status,
            max(case when metric = 'unsub_rate' then is_certain end) as unsub_rate_is_certain,
            max(case when metric = 'complaint_rate' then status end) as complaint_rate_status,
            max(case when metric = 'complaint_rate' then is_certain end) as complaint_rate_is_certain
        from ({{ graded_metrics(relation) }}) as graded_metrics
        group by week_start
    ) as grades
        on weeks.week_start = grades.week_start
{%- endmacro %}

{#-
    One row per week and metric of the seed health_thresholds whose denominator suffices. The status is
    graded on the unrounded percentage; it is certain when the 95 percent Wilson interval lies inside one
    band, so that chance does not decide (F33).
-#}
{% macro graded_metrics(relation) -%}
    with counted as (
        select
            weeks.week_start,
            thresholds.*,
            {{ metric_successes('thresholds.metric', 'weeks') }} as successes,
            {{ metric_trials('thresholds.metric', 'weeks') }} as trials
        from {{ relation }} as weeks
        cross join {{ ref('health_thresholds') }} as thresholds
    ),

    proportioned as (
        select
            *,
            {{ proportion('successes', 'trials') }} as proportion,
            {{ sample_size('trials') }} as sample_size
        from counted
        where trials >= min_denominator
    ),

    bounded as (
        select
            *,
            {{ wilson_bound('proportion', 'sample_size', '-') }} as low,
            {{ wilson_bound('proportion', 'sample_size', '+') }} as high
        from proportioned
    )

    select
        week_start,
        metric,
        {{ health_band('bounded', percent('successes', 'trials')) }} as status,
        case
            when successes > trials then false
            else {{ health_band('bounded', '100 * low') }} = {{ health_band('bounded', '100 * high') }}
        end as is_certain
    from bounded
{%- endmacro %}

{#-
    The band that a percentage falls into; the middle band includes both of its ends (000-29). `thresholds`
    has the columns of the seed health_thresholds.
-#}
{% macro health_band(thresholds, value) -%}
    case
        when {{ thresholds }}.is_higher_better
            then case
                when {{ value }} > {{ thresholds }}.healthy_bound then 'healthy'
                when {{ value }} < {{ thresholds }}.critical_bound then 'critical'
                else 'warning'
            end
        when {{ value }} < {{ thresholds }}.healthy_bound then 'healthy'
        when {{ value }} > {{ thresholds }}.critical_bound then 'critical'
        else 'warning'
    end
{%- endmacro %}

{#- Order of the statuses: 1 is the best. -#}
{% macro status_rank(status) -%}
    case {{ status }} when 'healthy' then 1 when 'warning' then 2 when 'critical' then 3 end
{%- endmacro %}

{#- The numerator of a rate that engagement_health_weekly publishes, by the rate's name. -#}
{% macro metric_successes(metric, weeks) -%}
    case {{ metric }}
        when 'open_rate' then {{ weeks }}.opens
        when 'click_to_open_rate' then {{ weeks }}.clicks
        when 'click_rate' then {{ weeks }}.clicks
        when 'bounce_rate' then {{ weeks }}.bounces
        when 'unsub_rate' then {{ weeks }}.unsubs
        when 'complaint_rate' then {{ weeks }}.complaints
    end
{%- endmacro %}

{#- Its denominator. -#}
{% macro metric_trials(metric, weeks) -%}
    case {{ metric }} when 'click_to_open_rate' then {{ weeks }}.opens else {{ weeks }}.sends end
{%- endmacro %}
