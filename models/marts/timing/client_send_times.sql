with voter_hours as (
    select * from {{ ref('agg_sends_by_voter_hour') }}
),

best_values as (
    select * from {{ ref('group_send_times') }}
    where
        unit_kind = 'client'
        and value_rank = 1
),

-- Each event once (F05).
summed_by_hour as (
    select
        client_shortname,
        local_hour,
        sum(sends) as sends,
        sum(clicked_sends) as clicked_sends
    from voter_hours
    where
        is_contact
        and sends > 0
        and client_shortname is not null
    group by client_shortname, local_hour
),

-- When the client usually sends, which says nothing about when it should (F63).
ranked_hours as (
    select
        *,
        row_number() over (partition by client_shortname order by sends desc, local_hour asc) as hour_rank
    from summed_by_hour
    where local_hour is not null
),

summed as (
    select
        client_shortname,
        cast(sum(sends) as bigint) as sends,
        cast(sum(clicked_sends) as bigint) as clicked_sends
    from summed_by_hour
    group by client_shortname
),

answered as (
    select
        summed.client_shortname,
        summed.sends,
        summed.clicked_sends,
        round({{ percent('summed.clicked_sends', 'summed.sends') }}, 2) as clicked_rate,
        ranked_hours.local_hour as usual_send_hour,
        hours.value_number as optimal_send_hour,
        hours.sends as hour_sends,
        hours.clicked_sends as hour_clicks,
        round({{ percent('hours.clicked_sends', 'hours.sends') }}, 2) as hour_rate,
        hours.value_index as hour_index,
        coalesce(hours.value_level, 'insufficient_data') as hour_level,
        {{ weekday_name('days.value_number') }} as optimal_send_day,
        days.sends as day_sends,
        days.clicked_sends as day_clicks,
        round({{ percent('days.clicked_sends', 'days.sends') }}, 2) as day_rate,
        days.value_index as day_index,
        coalesce(days.value_level, 'insufficient_data') as day_level,
        '{{ invocation_id }}' as build_id
    from summed
    -- Without enough data for everybody no hour and no day is offered.
    left join best_values as hours
        on
            summed.client_shortname = hours.unit
            and hours.dimension = 'hour'
    left join best_values as days
        on
            summed.client_shortname = days.unit
            and days.dimension = 'weekday'
    -- Mail that only has dates has no usual hour.
    left join ranked_hours
        on
            summed.client_shortname = ranked_hours.client_shortname
            and ranked_hours.hour_rank = 1
)

select * from answered
