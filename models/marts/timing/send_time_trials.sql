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

rules as (
    select * from {{ timing_rules() }} as timing_rules
),

moments as (
    select
        numbers.horizons_back,
        cast({{ rule_value('score_rules', 'gift_horizon') }} as bigint) as horizon_days
    from (values (cast(1 as bigint)), (cast(2 as bigint))) as numbers (horizons_back)
),

weighed as (
    select
        voter_hours.voter_number,
        voter_hours.local_hour,
        {{ iso_weekday('voter_hours.local_date') }} as weekday,
        {{ days_between('voter_hours.local_date', as_of_date()) }} as days_ago,
        voter_hours.sends,
        voter_hours.clicked_sends,
        voter_hours.clicked_sends + voter_hours.only_opened_sends as engaged_sends,
        {{ timing_segment('profiles') }} as segment,
        {{ responses_of('voter_hours', 'rules') }} as responses,
        {{ expected_of('voter_hours', 'client_rates') }} as expected
    from voter_hours
    inner join client_rates
        on coalesce(voter_hours.client_shortname, '') = client_rates.client_key
    inner join profiles
        on voter_hours.voter_number = profiles.voter_number
    cross join rules
    where voter_hours.sends > 0
),

-- Mail until a moment is what a personal level is learned from; mail of the horizon after it checks it.
stacked as (
    select
        weighed.*,
        moments.horizons_back,
        moments.horizon_days,
        weighed.days_ago - moments.horizon_days * moments.horizons_back as days_before,
        dimensions.dimension,
        case dimensions.dimension when 'hour' then weighed.local_hour when 'weekday' then weighed.weekday end
            as value_number
    from weighed
    inner join moments
        on weighed.days_ago >= moments.horizon_days * (moments.horizons_back - 1)
    cross join (values ('hour'), ('weekday')) as dimensions (dimension)
),

summed as (
    select
        stacked.voter_number,
        stacked.horizons_back,
        stacked.horizon_days,
        stacked.dimension,
        stacked.value_number,
        segment_values.value_index as prior_index,
        coalesce(sum(case when stacked.days_before >= 0 then stacked.sends end), 0) as sends,
        coalesce(sum(case when stacked.days_before >= 0 then stacked.clicked_sends end), 0) as clicked_sends,
        coalesce(sum(case when stacked.days_before >= 0 then stacked.responses end), 0) as responses,
        coalesce(sum(case when stacked.days_before >= 0 then stacked.expected end), 0) as expected,
        min(case when stacked.days_before >= 0 and stacked.engaged_sends > 0 then stacked.days_before end)
            as days_since_response,
        coalesce(sum(case when stacked.days_before < 0 then stacked.sends end), 0) as sends_after,
        coalesce(sum(case when stacked.days_before < 0 then stacked.engaged_sends end), 0) as engaged_sends_after,
        coalesce(sum(case when stacked.days_before < 0 then stacked.responses end), 0) as responses_after,
        coalesce(sum(case when stacked.days_before < 0 then stacked.expected end), 0) as expected_after
    from stacked
    inner join segment_values
        on
            stacked.segment = segment_values.unit
            and stacked.dimension = segment_values.dimension
            and stacked.value_number = segment_values.value_number
    group by
        stacked.voter_number,
        stacked.horizons_back,
        stacked.horizon_days,
        stacked.dimension,
        stacked.value_number,
        segment_values.value_index
),

tried as (
    select * from summed
    where sends > 0
),

-- The same conditions as in send_times, as of the moment.
leveled as (
    select
        tried.voter_number,
        tried.horizons_back,
        tried.dimension,
        {{ response_level('tried', 'rules') }} as voter_index,
        cast(sum(tried.clicked_sends) as bigint) as all_clicked_sends,
        max(tried.clicked_sends) as most_clicked_sends
    from tried
    cross join rules
    group by tried.voter_number, tried.horizons_back, tried.dimension
    having {{ has_enough_mail('tried', 'rules', 'person') }}
),

indexed as (
    select
        summed.voter_number,
        summed.horizons_back,
        summed.horizon_days,
        summed.dimension,
        cast(summed.value_number as bigint) as value_number,
        cast(summed.sends as bigint) as sends,
        cast(summed.clicked_sends as bigint) as clicked_sends,
        leveled.all_clicked_sends,
        summed.clicked_sends = leveled.most_clicked_sends as is_most_clicked,
        cast(summed.days_since_response as bigint) as days_since_response,
        summed.prior_index as group_index,
        {{ index_of_value('summed', 'leveled.voter_index', 'summed.prior_index', 'rules.person_strength') }}
            as own_index,
        cast(summed.sends_after as bigint) as sends_after,
        cast(summed.engaged_sends_after as bigint) as engaged_sends_after,
        cast(summed.responses_after as double) as responses_after,
        cast(summed.expected_after as double) as expected_after,
        '{{ invocation_id }}' as build_id
    from summed
    inner join leveled
        on
            summed.voter_number = leveled.voter_number
            and summed.horizons_back = leveled.horizons_back
            and summed.dimension = leveled.dimension
    cross join rules
)

select * from indexed
