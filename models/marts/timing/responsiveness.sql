with voter_hours as (
    select * from {{ ref('agg_sends_by_voter_hour') }}
),

client_rates as (
    select * from {{ ref('agg_response_rates_by_client') }}
),

voter_numbers as (
    select * from {{ ref('key_voters') }}
),

parts_of_day as (
    select * from {{ ref('parts_of_day') }}
),

election_calendar as (
    select * from {{ ref('election_calendar') }}
),

rules as (
    select * from {{ timing_rules() }} as timing_rules
),

-- Each event once (F05).
weighed as (
    select
        voter_numbers.state,
        voter_hours.local_date,
        voter_hours.local_hour,
        sum(voter_hours.sends) as sends,
        sum(voter_hours.clicked_sends) as clicked_sends,
        sum({{ responses_of('voter_hours', 'rules') }}) as responses,
        sum(coalesce({{ expected_of('voter_hours', 'client_rates') }}, 0)) as expected,
        sum(voter_hours.acts) as acts
    from voter_hours
    cross join rules
    inner join voter_numbers
        on voter_hours.voter_number = voter_numbers.voter_number
    -- A gift has no client, and a client that sent nothing has no rate.
    left join client_rates
        on coalesce(voter_hours.client_shortname, '') = client_rates.client_key
    where voter_hours.is_contact
    group by voter_numbers.state, voter_hours.local_date, voter_hours.local_hour
),

summed_by_day as (
    select
        local_date,
        sum(sends) as sends
    from weighed
    group by local_date
),

accumulated as (
    select
        *,
        sum(sends) over (order by local_date rows between unbounded preceding and current row) as sends_so_far,
        sum(sends) over () as all_sends
    from summed_by_day
),

-- The first day of the last sends: these check what the earlier ones found (F63).
split as (
    select min(accumulated.local_date) as held_out_from
    from accumulated
    cross join rules
    where accumulated.sends_so_far > (1 - rules.held_out_share) * accumulated.all_sends
),

days as (
    select distinct
        state,
        local_date
    from weighed
),

-- The state's or the country's elections soon after each day. A general election takes precedence over a primary
-- (000-55).
near_elections as (
    select
        days.state,
        days.local_date,
        max(case when election_calendar.kind = 'general' then 1 else 0 end) = 1 as is_general
    from days
    cross join rules
    inner join election_calendar
        on
            election_calendar.state in (days.state, 'any')
            and days.local_date <= election_calendar.election_on
            and {{ days_between('days.local_date', 'election_calendar.election_on') }}
            <= case
                when election_calendar.kind = 'general' then rules.general_window_days
                else rules.primary_window_days
            end
    group by days.state, days.local_date
),

described as (
    select
        weighed.*,
        {{ iso_weekday('weighed.local_date') }} as weekday,
        extract(month from weighed.local_date) as month_number,
        parts_of_day.part_of_day,
        parts_of_day.first_hour,
        case
            when near_elections.is_general then 'before_general_election'
            when near_elections.local_date is not null then 'before_primary_election'
            else 'no_election_near'
        end as season,
        coalesce(weighed.local_date >= split.held_out_from, false) as is_held_out
    from weighed
    cross join split
    -- A date without a time of day has no hour and no part of the day.
    left join parts_of_day
        on weighed.local_hour between parts_of_day.first_hour and parts_of_day.last_hour
    left join near_elections
        on
            weighed.state = near_elections.state
            and weighed.local_date = near_elections.local_date
),

stacked as (
    select
        described.*,
        dimensions.dimension,
        case dimensions.dimension
            when 'hour' then cast(local_hour as varchar)
            when 'weekday' then {{ weekday_name('weekday') }}
            when 'part_of_day' then part_of_day
            when 'month' then {{ month_name('month_number') }}
            when 'season' then season
        end as value,
        case dimensions.dimension
            when 'hour' then local_hour
            when 'weekday' then weekday
            when 'part_of_day' then first_hour
            when 'month' then month_number
            else case season when 'before_primary_election' then 1 when 'before_general_election' then 2 else 3 end
        end as sort_order
    from described
    cross join (
        values ('hour'), ('weekday'), ('part_of_day'), ('month'), ('season')
    ) as dimensions (dimension)
),

summed as (
    select
        dimension,
        value,
        cast(sort_order as bigint) as sort_order,
        cast(sum(sends) as bigint) as sends,
        cast(sum(clicked_sends) as bigint) as clicked_sends,
        sum(responses) as responses,
        sum(expected) as expected,
        sum(case when is_held_out then 0 else responses end) as earlier_responses,
        sum(case when is_held_out then 0 else expected end) as earlier_expected,
        cast(sum(case when is_held_out then sends else 0 end) as bigint) as held_out_sends,
        cast(sum(case when is_held_out then clicked_sends else 0 end) as bigint) as held_out_clicks,
        sum(case when is_held_out then responses else 0 end) as held_out_responses,
        sum(case when is_held_out then expected else 0 end) as held_out_expected,
        cast(sum(acts) as bigint) as acts
    from stacked
    where value is not null
    group by dimension, value, sort_order
),

indexed as (
    select
        summed.*,
        {{ proportion('summed.clicked_sends', 'summed.sends') }} as proportion,
        {{ sample_size('summed.sends') }} as sample_size,
        case
            when summed.sends > 0
                then round({{ shrunk_index(
                    'summed.responses', 'summed.expected', '1', 'rules.everybody_strength'
                ) }}, 4)
        end as response_index,
        case
            when summed.sends > summed.held_out_sends
                then round({{ shrunk_index(
                    'summed.earlier_responses', 'summed.earlier_expected', '1', 'rules.everybody_strength'
                ) }}, 4)
        end as earlier_index,
        summed.sends >= rules.min_value_sends as is_comparable
    from summed
    cross join rules
),

ranked as (
    select
        dimension,
        value,
        sort_order,
        sends,
        clicked_sends,
        round({{ percent('clicked_sends', 'sends') }}, 2) as clicked_rate,
        round(100 * {{ wilson_bound('proportion', 'sample_size', '-') }}, 2) as clicked_rate_low,
        round(100 * {{ wilson_bound('proportion', 'sample_size', '+') }}, 2) as clicked_rate_high,
        round(cast(expected as double), 2) as expected_clicks,
        response_index,
        earlier_index,
        held_out_sends,
        held_out_clicks,
        round({{ share('held_out_responses', 'held_out_expected') }}, 4) as held_out_index,
        acts,
        -- By rate, not by count: most clicks come at the hour at which most mail is sent (F101).
        is_comparable and row_number() over (
            partition by dimension
            order by is_comparable desc, response_index desc nulls last, sends desc, sort_order asc
        ) = 1 as is_best_by_rate,
        acts > 0 and row_number() over (
            partition by dimension
            order by acts desc, sort_order asc
        ) = 1 as is_peak_by_count,
        '{{ invocation_id }}' as build_id
    from indexed
)

select * from ranked
