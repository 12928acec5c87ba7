with voter_hours as (
    select * from {{ ref('agg_sends_by_voter_hour') }}
),

client_rates as (
    select * from {{ ref('agg_response_rates_by_client') }}
),

profiles as (
    select * from {{ ref('enriched_profiles') }}
),

segment_values as (
    select * from {{ ref('group_send_times') }}
    where unit_kind = 'segment'
),

voters as (
    select * from {{ ref('lnk_voter') }}
),

personal_times as (
    select * from {{ ref('personal_times') }}
),

rules as (
    select * from {{ timing_rules() }} as timing_rules
),

segmented as (
    select
        profiles.state,
        profiles.svid,
        profiles.voter_number,
        {{ timing_segment('profiles') }} as segment
    from profiles
),

weighed as (
    select
        voter_hours.*,
        {{ iso_weekday('voter_hours.local_date') }} as weekday,
        {{ responses_of('voter_hours', 'rules') }} as responses,
        {{ expected_of('voter_hours', 'client_rates') }} as expected
    from voter_hours
    inner join client_rates
        on coalesce(voter_hours.client_shortname, '') = client_rates.client_key
    cross join rules
    where voter_hours.sends > 0
),

stacked as (
    select
        weighed.*,
        dimensions.dimension,
        case dimensions.dimension when 'hour' then local_hour when 'weekday' then weekday end as value_number
    from weighed
    cross join (values ('hour'), ('weekday')) as dimensions (dimension)
),

-- A date without a time of day belongs to a weekday and to no hour.
summed_by_value as (
    select
        voter_number,
        dimension,
        value_number,
        sum(sends) as sends,
        sum(clicked_sends) as clicked_sends,
        sum(responses) as responses,
        sum(expected) as expected
    from stacked
    where value_number is not null
    group by voter_number, dimension, value_number
),

observed as (
    select
        summed_by_value.*,
        segmented.segment,
        segment_values.value_index as prior_index
    from summed_by_value
    inner join segmented
        on summed_by_value.voter_number = segmented.voter_number
    inner join segment_values
        on
            segmented.segment = segment_values.unit
            and summed_by_value.dimension = segment_values.dimension
            and summed_by_value.value_number = segment_values.value_number
),

-- How readily the voter responds at any hour, for voters with enough mail: what was observed over what the segment's
-- indexes let expect of this mail. Without proof from later mail nobody has a level of their own.
leveled as (
    select
        observed.voter_number,
        observed.segment,
        observed.dimension,
        {{ response_level('observed', 'rules') }} as voter_index
    from observed
    cross join rules
    inner join personal_times
        on
            observed.dimension = personal_times.dimension
            and personal_times.verdict = 'better'
    group by observed.voter_number, observed.segment, observed.dimension
    having {{ has_enough_mail('observed', 'rules', 'person') }}
),

-- Every value that may be offered; at one that the voter never tried the segment's index stands.
offered as (
    select
        leveled.voter_number,
        segment_values.*,
        coalesce(observed.sends, 0) as own_sends,
        observed.clicked_sends as own_clicks,
        {{ index_of_value('observed', 'leveled.voter_index', 'segment_values.value_index', 'rules.person_strength') }}
            as own_index
    from leveled
    cross join rules
    inner join segment_values
        on
            leveled.segment = segment_values.unit
            and leveled.dimension = segment_values.dimension
    left join observed
        on
            leveled.voter_number = observed.voter_number
            and segment_values.dimension = observed.dimension
            and segment_values.value_number = observed.value_number
),

ranked as (
    select
        *,
        row_number() over (
            partition by voter_number, dimension
            order by own_index desc nulls last, own_sends desc, value_number asc
        ) as own_rank
    from offered
),

-- The voter's own best value, else the segment's. Its sends are the voter's, else those behind the segment's index.
best_values as (
    select
        segmented.voter_number,
        segment_values.dimension,
        coalesce(ranked.value_number, segment_values.value_number) as value_number,
        case when ranked.own_sends > 0 then ranked.own_sends else coalesce(ranked.sends, segment_values.sends) end
            as sends,
        case
            when ranked.own_sends > 0 then ranked.own_clicks
            else coalesce(ranked.clicked_sends, segment_values.clicked_sends)
        end as clicks,
        case when ranked.voter_number is not null then ranked.own_index else segment_values.value_index end
            as value_index,
        case
            when ranked.own_sends > 0 then 'person'
            else coalesce(ranked.value_level, segment_values.value_level)
        end as value_level
    from segmented
    inner join segment_values
        on
            segmented.segment = segment_values.unit
            and segment_values.value_rank = 1
    -- Most voters have too little mail to differ from their segment.
    left join ranked
        on
            segmented.voter_number = ranked.voter_number
            and segment_values.dimension = ranked.dimension
            and ranked.own_rank = 1
),

-- The hour at which the person does most, on any channel (003-20): when they are there, not when mail works.
summed_acts as (
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

ranked_acts as (
    select
        *,
        row_number() over (partition by voter_number order by acts desc, local_hour asc) as hour_rank
    from summed_acts
),

answered as (
    select
        segmented.state,
        segmented.svid,
        segmented.voter_number,
        segmented.segment,
        hours.value_number as optimal_send_hour,
        cast(hours.sends as bigint) as hour_sends,
        cast(hours.clicks as bigint) as hour_clicks,
        round({{ percent('hours.clicks', 'hours.sends') }}, 2) as hour_rate,
        hours.value_index as hour_index,
        coalesce(hours.value_level, 'insufficient_data') as hour_level,
        hour_proofs.verdict as hour_personal_verdict,
        hour_proofs.held_share as hour_personal_share,
        hour_proofs.held_share_low as hour_personal_share_low,
        {{ weekday_name('days.value_number') }} as optimal_send_day,
        cast(days.sends as bigint) as day_sends,
        cast(days.clicks as bigint) as day_clicks,
        round({{ percent('days.clicks', 'days.sends') }}, 2) as day_rate,
        days.value_index as day_index,
        coalesce(days.value_level, 'insufficient_data') as day_level,
        day_proofs.verdict as day_personal_verdict,
        day_proofs.held_share as day_personal_share,
        day_proofs.held_share_low as day_personal_share_low,
        ranked_acts.local_hour as most_active_hour,
        cast(ranked_acts.acts as bigint) as most_active_hour_events,
        voters.time_zone,
        voters.time_zone_source,
        '{{ invocation_id }}' as build_id
    from segmented
    inner join voters
        on
            segmented.state = voters.state
            and segmented.svid = voters.svid
    inner join personal_times as hour_proofs
        on hour_proofs.dimension = 'hour'
    inner join personal_times as day_proofs
        on day_proofs.dimension = 'weekday'
    -- Every voter once. Without enough data for everybody no hour and no day is offered.
    left join best_values as hours
        on
            segmented.voter_number = hours.voter_number
            and hours.dimension = 'hour'
    left join best_values as days
        on
            segmented.voter_number = days.voter_number
            and days.dimension = 'weekday'
    left join ranked_acts
        on
            segmented.voter_number = ranked_acts.voter_number
            and ranked_acts.hour_rank = 1
)

select * from answered
