with voter_hours as (
    select * from {{ ref('agg_sends_by_voter_hour') }}
),

client_rates as (
    select * from {{ ref('agg_response_rates_by_client') }}
),

profiles as (
    select * from {{ ref('enriched_profiles') }}
),

responsiveness as (
    select * from {{ ref('responsiveness') }}
),

rules as (
    select * from {{ timing_rules() }} as timing_rules
),

comparable_values as (
    select
        responsiveness.*,
        sum(responsiveness.sends) over (partition by responsiveness.dimension) as all_sends,
        sum(responsiveness.clicked_sends) over (partition by responsiveness.dimension) as all_clicks,
        count(*) over (partition by responsiveness.dimension) as values_tried
    from responsiveness
    cross join rules
    where
        responsiveness.dimension in ('hour', 'weekday')
        and responsiveness.sends >= rules.min_value_sends
),

-- What may be offered: hours and weekdays with enough mail, at least two, and enough clicks to tell them apart.
everybody as (
    select comparable_values.*
    from comparable_values
    cross join rules
    where
        comparable_values.all_sends >= rules.min_group_sends
        and comparable_values.all_clicks >= rules.min_group_clicks
        and comparable_values.values_tried >= rules.min_values_tried
),

-- Each event once: a message to a shared address counts for its first voter only (F05).
weighed as (
    select
        {{ timing_segment('profiles') }} as segment,
        voter_hours.client_shortname,
        voter_hours.local_hour,
        {{ iso_weekday('voter_hours.local_date') }} as weekday,
        voter_hours.sends,
        voter_hours.clicked_sends,
        {{ responses_of('voter_hours', 'rules') }} as responses,
        {{ expected_of('voter_hours', 'client_rates') }} as expected
    from voter_hours
    inner join profiles
        on voter_hours.voter_number = profiles.voter_number
    inner join client_rates
        on coalesce(voter_hours.client_shortname, '') = client_rates.client_key
    cross join rules
    where
        voter_hours.is_contact
        and voter_hours.sends > 0
),

summed_by_hour as (
    select
        segment,
        client_shortname,
        local_hour,
        weekday,
        sum(sends) as sends,
        sum(clicked_sends) as clicked_sends,
        sum(responses) as responses,
        sum(expected) as expected
    from weighed
    group by segment, client_shortname, local_hour, weekday
),

stacked as (
    select
        summed_by_hour.*,
        kinds.unit_kind,
        case kinds.unit_kind when 'client' then client_shortname when 'segment' then segment end as unit,
        dimensions.dimension,
        case dimensions.dimension when 'hour' then local_hour when 'weekday' then weekday end as value_number
    from summed_by_hour
    cross join (values ('client'), ('segment')) as kinds (unit_kind)
    cross join (values ('hour'), ('weekday')) as dimensions (dimension)
),

-- Mail without a client belongs to no client, and a date without a time of day to no hour.
summed_by_unit as (
    select
        unit_kind,
        unit,
        dimension,
        value_number,
        sum(sends) as sends,
        sum(clicked_sends) as clicked_sends,
        sum(responses) as responses,
        sum(expected) as expected
    from stacked
    where
        unit is not null
        and value_number is not null
    group by unit_kind, unit, dimension, value_number
),

observed as (
    select
        summed_by_unit.*,
        everybody.response_index as prior_index
    from summed_by_unit
    inner join everybody
        on
            summed_by_unit.dimension = everybody.dimension
            and summed_by_unit.value_number = everybody.sort_order
),

-- How readily the unit responds at any hour, for units with enough mail: what was observed over what everybody's
-- indexes let expect of this mail.
leveled as (
    select
        observed.unit_kind,
        observed.unit,
        observed.dimension,
        {{ response_level('observed', 'rules') }} as unit_index
    from observed
    cross join rules
    group by observed.unit_kind, observed.unit, observed.dimension
    having {{ has_enough_mail('observed', 'rules', 'group') }}
),

units as (
    select
        'segment' as unit_kind,
        {{ timing_segment('profiles') }} as unit
    from profiles
    union
    select
        'client' as unit_kind,
        client_shortname as unit
    from summed_by_hour
    where client_shortname is not null
),

-- Every unit with every value. `own_sends` is 0 where a unit with enough mail never tried the value, and NULL for a
-- unit without enough mail, which has everybody's index as it is.
offered as (
    select
        units.unit_kind,
        units.unit,
        everybody.dimension,
        everybody.sort_order as value_number,
        everybody.sends as everybody_sends,
        everybody.clicked_sends as everybody_clicks,
        case when leveled.unit is not null then coalesce(observed.sends, 0) end as own_sends,
        observed.clicked_sends as own_clicks,
        case
            when leveled.unit is null then everybody.response_index
            else {{ index_of_value(
                'observed', 'leveled.unit_index', 'everybody.response_index', 'rules.segment_strength'
            ) }}
        end as value_index
    from units
    cross join everybody
    cross join rules
    left join leveled
        on
            units.unit_kind = leveled.unit_kind
            and units.unit = leveled.unit
            and everybody.dimension = leveled.dimension
    left join observed
        on
            units.unit_kind = observed.unit_kind
            and units.unit = observed.unit
            and everybody.dimension = observed.dimension
            and everybody.sort_order = observed.value_number
),

ranked as (
    select
        unit_kind,
        unit,
        dimension,
        value_number,
        cast(case when own_sends > 0 then own_sends else everybody_sends end as bigint) as sends,
        cast(case when own_sends > 0 then own_clicks else everybody_clicks end as bigint) as clicked_sends,
        value_index,
        case when own_sends > 0 then unit_kind else 'everybody' end as value_level,
        row_number() over (
            partition by unit_kind, unit, dimension
            order by value_index desc nulls last, coalesce(own_sends, everybody_sends) desc, value_number asc
        ) as value_rank,
        '{{ invocation_id }}' as build_id
    from offered
)

select * from ranked
