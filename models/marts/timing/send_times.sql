with voter_hours as (
    select * from {{ ref('agg_sends_by_voter_hour') }}
),

profiles as (
    select * from {{ ref('enriched_profiles') }}
),

responsiveness as (
    select * from {{ ref('responsiveness') }}
),

time_zones as (
    select * from {{ ref('time_zones') }}
),

segmented as (
    select
        state,
        svid,
        voter_number,
        state || ' ' || coalesce(age_band, 'unknown') as segment
    from profiles
),

-- Hours and days that everybody together tried often enough, if everybody together did enough to tell them apart.
everybody as (
    {{ everybody_values('responsiveness') }}
),

contact_hours as (
    select
        client_shortname,
        sends,
        clicked_sends,
        only_opened_sends
    from voter_hours
    where is_contact
),

rated_clients as (
    {{ client_response_rates('contact_hours') }}
),

weighed as (
    select
        voter_hours.voter_number,
        voter_hours.is_contact,
        voter_hours.local_hour,
        {{ iso_weekday('voter_hours.local_date') }} as weekday,
        voter_hours.sends,
        voter_hours.clicked_sends,
        {{ responses_of('voter_hours', 'rules') }} as responses,
        {{ expected_of('voter_hours', 'rated_clients') }} as expected
    from voter_hours
    inner join rated_clients
        on coalesce(voter_hours.client_shortname, '') = rated_clients.client_key
    cross join {{ timing_rules() }} as rules
    where voter_hours.sends > 0
),

-- A date without a time of day is of a weekday, and of no hour.
stacked as (
    select
        voter_number,
        is_contact,
        'hour' as dimension,
        local_hour as value,
        sum(sends) as sends,
        sum(clicked_sends) as clicked_sends,
        sum(responses) as responses,
        sum(expected) as expected
    from weighed
    where local_hour is not null
    group by voter_number, is_contact, local_hour
    union all
    select
        voter_number,
        is_contact,
        'weekday' as dimension,
        weekday as value,
        sum(sends) as sends,
        sum(clicked_sends) as clicked_sends,
        sum(responses) as responses,
        sum(expected) as expected
    from weighed
    group by voter_number, is_contact, weekday
),

-- In a total over several voters an event of a shared address is once (F05).
segment_cells as (
    select
        segmented.segment,
        stacked.dimension,
        stacked.value,
        everybody.value_index as prior_index,
        cast(sum(stacked.sends) as bigint) as sends,
        cast(sum(stacked.clicked_sends) as bigint) as clicked_sends,
        sum(stacked.responses) as responses,
        sum(stacked.expected) as expected
    from stacked
    inner join segmented
        on stacked.voter_number = segmented.voter_number
    inner join everybody
        on
            stacked.dimension = everybody.dimension
            and stacked.value = everybody.value
    where stacked.is_contact
    group by segmented.segment, stacked.dimension, stacked.value, everybody.value_index
),

segment_levels as (
    {{ leveled_units('segment_cells', 'segment') }}
),

-- Of segments that tell enough, every value that may be offered; what they never tried is at everybody's index.
segment_candidates as (
    select
        segment_levels.segment,
        everybody.dimension,
        everybody.value,
        everybody.value_index as prior_index,
        segment_levels.level,
        coalesce(segment_cells.sends, 0) as sends,
        coalesce(segment_cells.clicked_sends, 0) as clicked_sends,
        coalesce(segment_cells.responses, 0) as responses,
        coalesce(segment_cells.expected, 0) as expected
    from segment_levels
    cross join {{ timing_rules() }} as rules
    inner join everybody
        on segment_levels.dimension = everybody.dimension
    left join segment_cells
        on
            segment_levels.segment = segment_cells.segment
            and everybody.dimension = segment_cells.dimension
            and everybody.value = segment_cells.value
    where
        segment_levels.sends >= rules.min_group_sends
        and segment_levels.clicked_sends >= rules.min_group_clicks
        and segment_levels.values_tried >= rules.min_values_tried
),

segment_values as (
    {{ placed_values('segment_candidates', 'segment', 'segment_strength') }}
),

-- What is known without the voter: the segment's values, else everybody's. Where a segment had no mail at an hour, it
-- is everybody's that stands behind it.
group_values as (
    select
        segment_values.segment,
        segment_values.dimension,
        segment_values.value,
        case when segment_values.sends > 0 then segment_values.sends else everybody.sends end as sends,
        case when segment_values.sends > 0 then segment_values.clicked_sends else everybody.clicked_sends end
            as clicked_sends,
        segment_values.value_index,
        segment_values.place,
        case when segment_values.sends > 0 then 'segment' else 'everybody' end as level
    from segment_values
    inner join everybody
        on
            segment_values.dimension = everybody.dimension
            and segment_values.value = everybody.value
    union all
    select
        segments.segment,
        everybody.dimension,
        everybody.value,
        everybody.sends,
        everybody.clicked_sends,
        everybody.value_index,
        everybody.place,
        'everybody' as level
    from (select distinct segment from segmented) as segments
    cross join everybody
    where not exists (
        select 1
        from segment_values
        where
            segment_values.segment = segments.segment
            and segment_values.dimension = everybody.dimension
    )
),

voter_cells as (
    select
        stacked.voter_number,
        segmented.segment,
        stacked.dimension,
        stacked.value,
        group_values.value_index as prior_index,
        cast(sum(stacked.sends) as bigint) as sends,
        cast(sum(stacked.clicked_sends) as bigint) as clicked_sends,
        sum(stacked.responses) as responses,
        sum(stacked.expected) as expected
    from stacked
    inner join segmented
        on stacked.voter_number = segmented.voter_number
    inner join group_values
        on
            segmented.segment = group_values.segment
            and stacked.dimension = group_values.dimension
            and stacked.value = group_values.value
    group by
        stacked.voter_number,
        segmented.segment,
        stacked.dimension,
        stacked.value,
        group_values.value_index
),

voter_levels as (
    {{ leveled_units('voter_cells', 'voter_number') }}
),

-- Of voters whose own sends are enough to differ, every value that may be offered.
voter_candidates as (
    select
        voter_levels.voter_number,
        group_values.dimension,
        group_values.value,
        group_values.value_index as prior_index,
        voter_levels.level,
        coalesce(voter_cells.sends, 0) as sends,
        coalesce(voter_cells.clicked_sends, 0) as clicked_sends,
        coalesce(voter_cells.responses, 0) as responses,
        coalesce(voter_cells.expected, 0) as expected
    from voter_levels
    cross join {{ timing_rules() }} as rules
    inner join segmented
        on voter_levels.voter_number = segmented.voter_number
    inner join group_values
        on
            segmented.segment = group_values.segment
            and voter_levels.dimension = group_values.dimension
    left join voter_cells
        on
            voter_levels.voter_number = voter_cells.voter_number
            and group_values.dimension = voter_cells.dimension
            and group_values.value = voter_cells.value
    where
        voter_levels.sends >= rules.min_person_sends
        and voter_levels.clicked_sends >= rules.min_person_clicks
        and voter_levels.values_tried >= rules.min_values_tried
),

voter_values as (
    {{ placed_values('voter_candidates', 'voter_number', 'person_strength') }}
),

-- Whose sends stand behind the choice: where the voter had none at that hour, it is the group that speaks for it.
chosen_by_voter as (
    select
        voter_values.voter_number,
        voter_values.dimension,
        voter_values.value,
        case when voter_values.sends > 0 then voter_values.sends else group_values.sends end as sends,
        case when voter_values.sends > 0 then voter_values.clicked_sends else group_values.clicked_sends end
            as clicked_sends,
        voter_values.value_index,
        case when voter_values.sends > 0 then 'person' else group_values.level end as level
    from voter_values
    inner join segmented
        on voter_values.voter_number = segmented.voter_number
    inner join group_values
        on
            segmented.segment = group_values.segment
            and voter_values.dimension = group_values.dimension
            and voter_values.value = group_values.value
    where voter_values.place = 1
),

chosen_by_group as (
    select
        segment,
        dimension,
        value,
        sends,
        clicked_sends,
        value_index,
        level
    from group_values
    where place = 1
),

-- The hour at which the person does most, on any channel (003-20): where somebody is to be found, not what works.
counted_hours as (
    select
        voter_number,
        local_hour,
        sum(acts) as acts
    from voter_hours
    where
        acts > 0
        and local_hour is not null
    group by voter_number, local_hour
),

most_active as (
    select
        voter_number,
        local_hour,
        acts
    from (
        select
            voter_number,
            local_hour,
            acts,
            row_number() over (partition by voter_number order by acts desc, local_hour asc) as place
        from counted_hours
    ) as placed
    where place = 1
),

-- Every voter, whatever is known of them.
completed as (
    select
        segmented.state,
        segmented.svid,
        segmented.voter_number,
        segmented.segment,
        coalesce(hours.value, group_hours.value) as optimal_send_hour,
        case when hours.value is not null then hours.sends else group_hours.sends end as hour_sends,
        case when hours.value is not null then hours.clicked_sends else group_hours.clicked_sends end as hour_clicks,
        coalesce(hours.value_index, group_hours.value_index) as hour_index,
        coalesce(hours.level, group_hours.level, 'insufficient_data') as hour_level,
        coalesce(days.value, group_days.value) as day_number,
        case when days.value is not null then days.sends else group_days.sends end as day_sends,
        case when days.value is not null then days.clicked_sends else group_days.clicked_sends end as day_clicks,
        coalesce(days.value_index, group_days.value_index) as day_index,
        coalesce(days.level, group_days.level, 'insufficient_data') as day_level,
        most_active.local_hour as most_active_hour,
        most_active.acts as most_active_hour_events,
        time_zones.time_zone
    from segmented
    left join chosen_by_voter as hours
        on
            segmented.voter_number = hours.voter_number
            and hours.dimension = 'hour'
    left join chosen_by_voter as days
        on
            segmented.voter_number = days.voter_number
            and days.dimension = 'weekday'
    left join chosen_by_group as group_hours
        on
            segmented.segment = group_hours.segment
            and group_hours.dimension = 'hour'
    left join chosen_by_group as group_days
        on
            segmented.segment = group_days.segment
            and group_days.dimension = 'weekday'
    left join most_active
        on segmented.voter_number = most_active.voter_number
    -- A state that the seed does not know has no zone.
    left join time_zones
        on segmented.state = time_zones.state
),

stamped as (
    select
        state,
        svid,
        voter_number,
        segment,
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
        cast(most_active_hour as bigint) as most_active_hour,
        cast(most_active_hour_events as bigint) as most_active_hour_events,
        time_zone,
        case when time_zone is not null then 'state' else 'utc' end as time_zone_source,
        '{{ invocation_id }}' as build_id
    from completed
)

select * from stamped
