with acts as (
    select * from {{ ref('agg_acts_by_voter_day') }}
),

events as (
    select * from {{ ref('fct_voter_events') }}
),

-- The clock, and one, two and three horizons before it.
moments as (
    select
        numbers.horizons_back,
        cast({{ rule_value('score_rules', 'gift_horizon') }} as bigint) as horizon_days,
        cast({{ rule_value('score_rules', 'gift_horizon') }} as bigint) * numbers.horizons_back as days_back
    from (
        values
        (cast(0 as bigint)),
        (cast(1 as bigint)),
        (cast(2 as bigint)),
        (cast(3 as bigint))
    ) as numbers (horizons_back)
),

known_since as (
    select
        voter_number,
        max({{ days_between('occurred_at', as_of_date()) }}) as days_since_first_event
    from events
    group by voter_number
),

-- Voters with a known event at the moment, if only a message that was sent to them.
present as (
    select
        known_since.voter_number,
        moments.horizons_back,
        moments.horizon_days,
        known_since.days_since_first_event - moments.days_back as tenure_days
    from known_since
    inner join moments
        on known_since.days_since_first_event >= moments.days_back
),

aged as (
    select
        *,
        {{ days_between('active_date', as_of_date()) }} as days_ago
    from acts
),

-- Days before a moment: 0 and above was known then, below 0 is what came after it and may reach no feature.
placed as (
    select
        aged.*,
        moments.horizons_back,
        aged.days_ago - moments.days_back as days_before
    from aged
    inner join moments
        on aged.days_ago - moments.days_back >= -moments.horizon_days
),

summed as (
    select
        voter_number,
        horizons_back,
        cast(sum(case when days_before >= 0 then gifts else 0 end) as bigint) as gifts,
        cast(sum(case when days_before >= 0 then gift_amount else 0 end) as decimal(18, 2)) as gift_amount,
        min(case when days_before >= 0 and gifts > 0 then days_before end) as days_since_last_gift,
        max(case when days_before >= 0 and gifts > 0 then days_before end) as days_since_first_gift,
        cast(sum(case when days_before >= 0 then clicks else 0 end) as bigint) as clicks,
        cast(sum(case when days_before >= 0 then new_campaigns else 0 end) as bigint) as campaigns,
        cast(sum(case when days_before >= 0 then new_clients else 0 end) as bigint) as clients,
        cast(sum(case when days_before >= 0 then new_channels else 0 end) as bigint) as channels,
        min(case when days_before >= 0 and clicks > 0 then days_before end) as days_since_last_click,
        min(case when days_before >= 0 and acts > 0 then days_before end) as days_since_last_act,
        count(case when days_before between 0 and 179 and acts > 0 then 1 end) as active_days_180,
        cast(sum(case when days_before < 0 then gifts else 0 end) as bigint) as gifts_after
    from placed
    group by voter_number, horizons_back
),

completed as (
    select
        present.*,
        coalesce(summed.gifts, 0) as gifts,
        coalesce(summed.gift_amount, 0) as gift_amount,
        summed.days_since_last_gift,
        summed.days_since_first_gift,
        coalesce(summed.clicks, 0) as clicks,
        coalesce(summed.campaigns, 0) as campaigns,
        coalesce(summed.clients, 0) as clients,
        coalesce(summed.channels, 0) as channels,
        summed.days_since_last_click,
        summed.days_since_last_act,
        coalesce(summed.active_days_180, 0) as active_days_180,
        coalesce(summed.gifts_after, 0) as gifts_after
    from present
    -- A voter may only have been sent mail.
    left join summed
        on
            present.voter_number = summed.voter_number
            and present.horizons_back = summed.horizons_back
),

-- Past donors may give again, others for the first time. Nobody knows what happens after the clock: NULL.
judged as (
    select
        *,
        case when gifts > 0 then 'past_donors' else 'never_donors' end as population,
        case when gifts > 0 then 'gift' else 'first_gift' end as outcome,
        case
            when horizons_back = 0 then null
            when gifts_after > 0 then 1
            else 0
        end as is_positive
    from completed
),

-- The features of the regression. Without an act, the pause is as long as can be.
featured as (
    select
        *,
        {{ log_quarter('gifts') }} as log_gifts,
        {{ log_quarter('coalesce(days_since_last_gift, 0)') }} as log_days_since_last_gift,
        {{ log_quarter('coalesce(days_since_first_gift, 0)') }} as log_days_since_first_gift,
        {{ log_quarter('greatest(gift_amount, 0)') }} as log_gift_amount,
        {{ log_quarter('active_days_180') }} as log_active_days_180,
        {{ log_quarter('clicks') }} as log_clicks,
        {{ log_quarter('clients') }} as log_clients,
        {{ log_quarter('channels') }} as log_channels,
        {{ log_quarter('coalesce(days_since_last_act, ' ~ rule_value('score_rules', 'longest_pause') ~ ')') }}
            as log_days_since_last_act
    from judged
)

select * from featured
