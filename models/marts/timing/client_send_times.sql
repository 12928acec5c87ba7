with voter_hours as (
    select * from {{ ref('agg_sends_by_voter_hour') }}
),

responsiveness as (
    select * from {{ ref('responsiveness') }}
),

everybody as (
    {{ everybody_values('responsiveness') }}
),

-- Each event once (F05).
contact_hours as (
    select
        client_shortname,
        local_date,
        local_hour,
        sum(sends) as sends,
        sum(clicked_sends) as clicked_sends,
        sum(only_opened_sends) as only_opened_sends
    from voter_hours
    where
        is_contact
        and sends > 0
    group by client_shortname, local_date, local_hour
),

rated_clients as (
    {{ client_response_rates('contact_hours') }}
),

weighed as (
    select
        contact_hours.client_shortname,
        contact_hours.local_hour,
        {{ iso_weekday('contact_hours.local_date') }} as weekday,
        contact_hours.sends,
        contact_hours.clicked_sends,
        {{ responses_of('contact_hours', 'rules') }} as responses,
        {{ expected_of('contact_hours', 'rated_clients') }} as expected
    from contact_hours
    inner join rated_clients
        on contact_hours.client_shortname = rated_clients.client_key
    cross join {{ timing_rules() }} as rules
),

-- A date without a time of day is of a weekday, and of no hour.
stacked as (
    select
        client_shortname,
        'hour' as dimension,
        local_hour as value,
        sum(sends) as sends,
        sum(clicked_sends) as clicked_sends,
        sum(responses) as responses,
        sum(expected) as expected
    from weighed
    where local_hour is not null
    group by client_shortname, local_hour
    union all
    select
        client_shortname,
        'weekday' as dimension,
        weekday as value,
        sum(sends) as sends,
        sum(clicked_sends) as clicked_sends,
        sum(responses) as responses,
        sum(expected) as expected
    from weighed
    group by client_shortname, weekday
),

client_cells as (
    select
        stacked.client_shortname,
        stacked.dimension,
        stacked.value,
        everybody.value_index as prior_index,
        stacked.sends,
        stacked.clicked_sends,
        stacked.responses,
        stacked.expected
    from stacked
    inner join everybody
        on
            stacked.dimension = everybody.dimension
            and stacked.value = everybody.value
),

client_levels as (
    {{ leveled_units('client_cells', 'client_shortname') }}
),

-- Of clients that tell enough, every value that may be offered; what they never tried is at everybody's index.
client_candidates as (
    select
        client_levels.client_shortname,
        everybody.dimension,
        everybody.value,
        everybody.value_index as prior_index,
        client_levels.level,
        coalesce(client_cells.sends, 0) as sends,
        coalesce(client_cells.clicked_sends, 0) as clicked_sends,
        coalesce(client_cells.responses, 0) as responses,
        coalesce(client_cells.expected, 0) as expected
    from client_levels
    cross join {{ timing_rules() }} as rules
    inner join everybody
        on client_levels.dimension = everybody.dimension
    left join client_cells
        on
            client_levels.client_shortname = client_cells.client_shortname
            and everybody.dimension = client_cells.dimension
            and everybody.value = client_cells.value
    where
        client_levels.sends >= rules.min_group_sends
        and client_levels.clicked_sends >= rules.min_group_clicks
        and client_levels.values_tried >= rules.min_values_tried
),

client_values as (
    {{ placed_values('client_candidates', 'client_shortname', 'segment_strength') }}
),

-- Whose sends stand behind the choice: where the client had none at that hour, it is everybody who speaks for it.
chosen as (
    select
        client_values.client_shortname,
        client_values.dimension,
        client_values.value,
        case when client_values.sends > 0 then client_values.sends else everybody.sends end as sends,
        case when client_values.sends > 0 then client_values.clicked_sends else everybody.clicked_sends end
            as clicked_sends,
        client_values.value_index,
        case when client_values.sends > 0 then 'client' else 'everybody' end as level
    from client_values
    inner join everybody
        on
            client_values.dimension = everybody.dimension
            and client_values.value = everybody.value
    where client_values.place = 1
),

chosen_by_everybody as (
    select
        dimension,
        value,
        sends,
        clicked_sends,
        value_index,
        'everybody' as level
    from everybody
    where place = 1
),

-- When the client usually sends, which is not when it should (F63).
usual_hours as (
    select
        client_shortname,
        value as usual_send_hour
    from (
        select
            client_shortname,
            value,
            row_number() over (partition by client_shortname order by sends desc, value asc) as place
        from stacked
        where dimension = 'hour'
    ) as placed
    where place = 1
),

summed as (
    select
        client_shortname,
        sum(sends) as sends,
        sum(clicked_sends) as clicked_sends
    from contact_hours
    where client_shortname is not null
    group by client_shortname
),

completed as (
    select
        summed.client_shortname,
        summed.sends,
        summed.clicked_sends,
        usual_hours.usual_send_hour,
        coalesce(hours.value, all_hours.value) as optimal_send_hour,
        coalesce(hours.sends, all_hours.sends) as hour_sends,
        coalesce(hours.clicked_sends, all_hours.clicked_sends) as hour_clicks,
        coalesce(hours.value_index, all_hours.value_index) as hour_index,
        coalesce(hours.level, all_hours.level, 'insufficient_data') as hour_level,
        coalesce(days.value, all_days.value) as day_number,
        coalesce(days.sends, all_days.sends) as day_sends,
        coalesce(days.clicked_sends, all_days.clicked_sends) as day_clicks,
        coalesce(days.value_index, all_days.value_index) as day_index,
        coalesce(days.level, all_days.level, 'insufficient_data') as day_level
    from summed
    left join chosen as hours
        on
            summed.client_shortname = hours.client_shortname
            and hours.dimension = 'hour'
    left join chosen as days
        on
            summed.client_shortname = days.client_shortname
            and days.dimension = 'weekday'
    left join chosen_by_everybody as all_hours
        on all_hours.dimension = 'hour'
    left join chosen_by_everybody as all_days
        on all_days.dimension = 'weekday'
    -- Mail that only has dates is at no hour.
    left join usual_hours
        on summed.client_shortname = usual_hours.client_shortname
),

stamped as (
    select
        client_shortname,
        cast(sends as bigint) as sends,
        cast(clicked_sends as bigint) as clicked_sends,
        round({{ percent('clicked_sends', 'sends') }}, 2) as clicked_rate,
        cast(usual_send_hour as bigint) as usual_send_hour,
        cast(optimal_send_hour as bigint) as optimal_send_hour,
        cast(hour_sends as bigint) as hour_sends,
        cast(hour_clicks as bigint) as hour_clicks,
        round({{ percent('hour_clicks', 'hour_sends') }}, 2) as hour_rate,
        hour_index,
        hour_level,
        {{ weekday_name('day_number') }} as optimal_send_day,
        cast(day_sends as bigint) as day_sends,
        cast(day_clicks as bigint) as day_clicks,
        round({{ percent('day_clicks', 'day_sends') }}, 2) as day_rate,
        day_index,
        day_level,
        '{{ invocation_id }}' as build_id
    from completed
)

select * from stamped
