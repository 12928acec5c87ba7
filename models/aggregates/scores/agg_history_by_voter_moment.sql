with acts as (
    select * from {{ ref('agg_acts_by_voter_day') }}
),

events as (
    select * from {{ ref('fct_voter_events') }}
),

-- Gifts and activity are foreseen for horizons of their own.
horizons as (
    select
        'giving' as family,
        cast({{ rule_value('score_rules', 'gift_horizon') }} as bigint) as horizon_days
    union all
    select
        'activity' as family,
        cast({{ rule_value('lifecycle_rules', 'churn_horizon') }} as bigint) as horizon_days
),

-- The clock, and one, two and three horizons before it.
moments as (
    select
        horizons.*,
        numbers.horizons_back,
        horizons.horizon_days * numbers.horizons_back as days_back
    from horizons
    cross join (
        values
        (cast(0 as bigint)),
        (cast(1 as bigint)),
        (cast(2 as bigint)),
        (cast(3 as bigint))
    ) as numbers (horizons_back)
),

rules as (
    select
        cast(rule_window as bigint) as rule_window,
        rule_quiet,
        rule_drop
    from {{ lifecycle_rules() }} as lifecycle_rules
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
        moments.family,
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

-- Days before a moment: 0 and above was known then, below 0 is what came after it and may reach no feature. A gift is a
-- sign of activity, and no feature of other acts where gifts are foreseen.
placed as (
    select
        aged.voter_number,
        moments.family,
        moments.horizons_back,
        aged.days_ago - moments.days_back as days_before,
        case moments.family when 'activity' then aged.human_events else aged.acts end as acts,
        aged.other_acts,
        aged.clicks,
        aged.new_campaigns,
        aged.new_clients,
        aged.new_channels,
        aged.points,
        aged.gifts,
        aged.gift_amount,
        rules.rule_window
    from aged
    inner join moments
        on aged.days_ago - moments.days_back >= -moments.horizon_days
    cross join rules
),

summed as (
    select
        voter_number,
        family,
        horizons_back,
        cast(sum(case when days_before >= 0 then gifts else 0 end) as bigint) as gifts,
        cast(sum(case when days_before >= 0 then gift_amount else 0 end) as decimal(18, 2)) as gift_amount,
        min(case when days_before >= 0 and gifts > 0 then days_before end) as days_since_last_gift,
        max(case when days_before >= 0 and gifts > 0 then days_before end) as days_since_first_gift,
        cast(sum(case when days_before >= 0 then clicks else 0 end) as bigint) as clicks,
        cast(sum(case when days_before >= 0 then new_campaigns else 0 end) as bigint) as campaigns,
        cast(sum(case when days_before >= 0 then new_clients else 0 end) as bigint) as clients,
        cast(sum(case when days_before >= 0 then new_channels else 0 end) as bigint) as channels,
        cast(sum(case when days_before >= 0 then other_acts else 0 end) as bigint) as other_acts,
        min(case when days_before >= 0 and clicks > 0 then days_before end) as days_since_last_click,
        min(case when days_before >= 0 and acts > 0 then days_before end) as days_since_last_act,
        max(case when days_before >= 0 and acts > 0 then days_before end) as days_since_first_act,
        count(case when days_before between 0 and 59 and acts > 0 then 1 end) as active_days_60,
        count(case when days_before between 0 and 179 and acts > 0 then 1 end) as active_days_180,
        count(case when days_before >= 0 and acts > 0 then 1 end) as active_days,
        cast(sum(
            case when days_before >= 0 and days_before < rule_window then points else 0 end
        ) as double) as window_points,
        cast(sum(
            case when days_before >= rule_window and days_before < 2 * rule_window then points else 0 end
        ) as double) as previous_window_points,
        cast(sum(case when days_before < 0 then gifts else 0 end) as bigint) as gifts_after,
        cast(sum(case when days_before < 0 then acts else 0 end) as bigint) as acts_after
    from placed
    group by voter_number, family, horizons_back
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
        coalesce(summed.other_acts, 0) as other_acts,
        summed.days_since_last_click,
        summed.days_since_last_act,
        summed.days_since_first_act,
        coalesce(summed.active_days_60, 0) as active_days_60,
        coalesce(summed.active_days_180, 0) as active_days_180,
        coalesce(summed.active_days, 0) as active_days,
        coalesce(summed.gifts_after, 0) as gifts_after,
        coalesce(summed.acts_after, 0) as acts_after,
        {{ percent('summed.previous_window_points - summed.window_points', 'summed.previous_window_points') }}
            as activity_drop
    from present
    -- A voter may only have been sent mail.
    left join summed
        on
            present.voter_number = summed.voter_number
            and present.family = summed.family
            and present.horizons_back = summed.horizons_back
),

-- Past donors may give again, others for the first time. Active people may go quiet, dormant people may come back.
assigned as (
    select
        completed.*,
        case
            when completed.family = 'giving' and completed.gifts > 0 then 'past_donors'
            when completed.family = 'giving' then 'never_donors'
            when completed.days_since_last_act < completed.horizon_days then 'active'
            else 'dormant'
        end as population,
        case
            when completed.family = 'giving' and completed.gifts > 0 then 'gift'
            when completed.family = 'giving' then 'first_gift'
            when completed.days_since_last_act < completed.horizon_days then 'quiet'
            else 'return'
        end as outcome,
        case
            when
                completed.days_since_last_act >= rules.rule_quiet
                and completed.activity_drop >= rules.rule_drop
                then 1
            else 0
        end as churn_rule
    from completed
    cross join rules
),

-- Nobody knows what happens after the clock: NULL.
judged as (
    select
        *,
        -- The pause in mean gaps between active days: above 1 the person is later than usual. 0 without a gap.
        coalesce(
            cast(days_since_last_act as double) * (active_days - 1)
            / nullif(days_since_first_act - days_since_last_act, 0), 0
        ) as pause_ratio,
        case
            when horizons_back = 0 then null
            when outcome = 'quiet' then case when acts_after = 0 then 1 else 0 end
            when outcome = 'return' then case when acts_after > 0 then 1 else 0 end
            when gifts_after > 0 then 1
            else 0
        end as is_positive
    from assigned
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
            as log_days_since_last_act,
        {{ log_quarter('other_acts') }} as log_other_acts,
        {{ log_quarter('active_days_60') }} as log_active_days_60,
        {{ log_quarter('active_days') }} as log_active_days,
        {{ log_quarter('tenure_days') }} as log_tenure_days,
        {{ log_quarter('pause_ratio') }} as log_pause_ratio,
        {{ log_quarter('greatest(pause_ratio - 1, 0)') }} as log_overdue
    from judged
)

select * from featured
