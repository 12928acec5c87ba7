with profiles as (
    select * from {{ ref('enriched_profiles') }}
),

activity as (
    select * from {{ ref('agg_activity_by_voter') }}
),

signals as (
    select * from {{ ref('agg_signals_by_voter_signal') }}
),

voter_donations as (
    select * from {{ ref('fct_donation_voters') }}
),

churn_hazard as (
    select * from {{ ref('churn_hazard') }}
),

pattern_rules as (
    select * from {{ ref('behavior_pattern_rules') }}
),

rules as (
    select
        stage_new,
        stage_established,
        activity_recent,
        activity_moderate,
        activity_at_risk,
        high_value_total,
        high_value_year,
        donor_new,
        donor_active,
        donor_lapsing,
        churn_earlier,
        churn_dormant,
        churn_frequency_window,
        risk_medium,
        risk_high,
        rule_quiet,
        rule_drop
    from {{ lifecycle_rules() }} as lifecycle_rules
),

-- A refund takes back the last gift of the same amount before it that is not taken back yet (F97): of gifts and
-- refunds of one amount, like brackets, a gift is kept where what follows never falls below it.
balanced as (
    select
        state,
        svid,
        donation_id,
        donated_at,
        amount,
        is_gift,
        sum(case when is_gift then 1 else -1 end) over (
            partition by state, svid, abs(amount)
            order by donated_at, case when is_gift then 0 else 1 end, donation_id
            rows between unbounded preceding and current row
        ) as balance
    from voter_donations
),

matched_gifts as (
    select
        state,
        svid,
        donation_id,
        donated_at,
        amount,
        is_gift,
        {{ days_between('donated_at', as_of_date()) }} as days_ago,
        coalesce(min(balance) over (
            partition by state, svid, abs(amount)
            order by donated_at, case when is_gift then 0 else 1 end, donation_id
            rows between 1 following and unbounded following
        ) >= balance, true) as is_not_taken_back
    from balanced
),

-- Refunds in part leave the gift, and lower the sum; where nothing is left in all, nothing was kept.
gifts as (
    select
        state,
        svid,
        donation_id,
        donated_at,
        amount,
        days_ago,
        is_gift and is_not_taken_back and (
            coalesce(sum(amount) over (partition by state, svid), 1) > 0
            or min(case when is_gift then 1 else 0 end) over (partition by state, svid) = 1
        ) as is_kept
    from matched_gifts
),

spaced_gifts as (
    select
        state,
        svid,
        amount,
        days_ago,
        is_kept,
        lag(days_ago) over (
            partition by state, svid, is_kept
            order by donated_at, donation_id
        ) - days_ago as days_since_previous
    from gifts
),

summed_gifts as (
    select
        spaced_gifts.state,
        spaced_gifts.svid,
        count(case when spaced_gifts.is_kept then 1 end) as gifts_kept,
        cast(sum(spaced_gifts.amount) as decimal(18, 2)) as donation_amount,
        cast(
            sum(case when spaced_gifts.days_ago <= 365 then spaced_gifts.amount end) as decimal(18, 2)
        ) as donation_amount_year,
        max(case when spaced_gifts.is_kept then spaced_gifts.days_ago end) as days_since_first_gift,
        min(case when spaced_gifts.is_kept then spaced_gifts.days_ago end) as days_since_last_gift,
        max(
            case
                when
                    spaced_gifts.is_kept
                    and spaced_gifts.days_ago <= rules.donor_active
                    and spaced_gifts.days_since_previous > rules.donor_lapsing
                    then 1
                else 0
            end
        ) = 1 as has_returned
    from spaced_gifts
    cross join rules
    group by
        spaced_gifts.state,
        spaced_gifts.svid
),

placed_now as (
    {{ churn_cells('activity', 'days_since_first', 'days_since_last', 'active_days', 'recent_active_days') }}
),

placed_earlier as (
    {{ churn_cells(
        'activity', 'days_since_first - rules.churn_earlier', 'days_since_last_earlier', 'active_days_earlier',
        'recent_active_days_earlier'
    ) }}
),

scored_now as (
    select
        placed_now.voter_number,
        placed_now.pause_band,
        placed_now.frequency_band,
        placed_now.rhythm_band,
        churn_hazard.churn_exposures,
        churn_hazard.churn_events,
        churn_hazard.churn_probability,
        churn_hazard.churn_basis
    from placed_now
    inner join churn_hazard
        on
            churn_hazard.fit = 'current'
            and placed_now.pause_band = churn_hazard.pause_band
            and placed_now.frequency_band = churn_hazard.frequency_band
            and placed_now.rhythm_band = churn_hazard.rhythm_band
),

-- By the table of today: a flag changes because the person did, not because the table did.
scored_earlier as (
    select
        placed_earlier.voter_number,
        churn_hazard.churn_probability
    from placed_earlier
    inner join churn_hazard
        on
            churn_hazard.fit = 'current'
            and placed_earlier.pause_band = churn_hazard.pause_band
            and placed_earlier.frequency_band = churn_hazard.frequency_band
            and placed_earlier.rhythm_band = churn_hazard.rhythm_band
),

-- Who was there before and is not now: the one signal that is an absence.
all_signals as (
    select
        voter_number,
        signal,
        events,
        subjects,
        days_since_last,
        main_events,
        main_noun,
        main_plural
    from signals
    union all
    select
        activity.voter_number,
        'fading' as signal,
        activity.recent_active_days as events,
        cast(null as bigint) as subjects,
        activity.days_since_last,
        cast(null as bigint) as main_events,
        cast(null as varchar) as main_noun,
        cast(null as varchar) as main_plural
    from activity
    cross join rules
    where activity.days_since_last <= rules.churn_dormant
),

matched_rules as (
    select
        all_signals.voter_number,
        pattern_rules.behavior_pattern,
        case all_signals.signal
            when 'breadth'
                then
                    cast(all_signals.events as varchar) || ' acts on ' || cast(all_signals.subjects as varchar)
                    || ' subjects in ' || cast(pattern_rules.window_days as varchar) || ' days, last '
                    || {{ days_ago('all_signals.days_since_last') }}
            when 'depth'
                then
                    cast(all_signals.events as varchar) || ' acts on one subject in '
                    || cast(pattern_rules.window_days as varchar) || ' days, last '
                    || {{ days_ago('all_signals.days_since_last') }}
            when 'fading'
                then
                    {{ counted_noun('all_signals.events', "'active day'", "'active days'") }}
                    || ' in ' || cast(cast(rules.churn_frequency_window as bigint) as varchar) || ' days, none for '
                    || cast(all_signals.days_since_last as varchar)
            else
                {{ counted_noun('all_signals.main_events', 'all_signals.main_noun', 'all_signals.main_plural') }}
                || case
                    when all_signals.events > all_signals.main_events
                        then
                            ' and '
                            || {{ counted_noun(
                                '(all_signals.events - all_signals.main_events)', "'more act'", "'more acts'"
                            ) }}
                    else ''
                end
                || ' in ' || cast(pattern_rules.window_days as varchar) || ' days, last '
                || {{ days_ago('all_signals.days_since_last') }}
        end as pattern_evidence,
        row_number() over (
            partition by all_signals.voter_number
            order by pattern_rules.sort_order, pattern_rules.rule
        ) as place
    from all_signals
    inner join pattern_rules
        on all_signals.signal = pattern_rules.rule
    cross join rules
    where
        all_signals.events >= pattern_rules.min_events
        and coalesce(all_signals.subjects, 0) >= pattern_rules.min_subjects
        and (all_signals.signal <> 'fading' or all_signals.days_since_last > pattern_rules.window_days)
),

-- Every voter once, whatever they did.
gathered as (
    select
        profiles.state,
        profiles.svid,
        profiles.voter_number,
        coalesce(activity.human_events, 0) as human_events,
        coalesce(activity.active_days, 0) as active_days,
        activity.first_event_at,
        activity.last_event_at,
        activity.days_since_first as days_since_first_event,
        activity.days_since_last as days_since_last_event,
        coalesce(summed_gifts.gifts_kept, 0) as gifts_kept,
        summed_gifts.donation_amount,
        summed_gifts.donation_amount_year,
        summed_gifts.days_since_first_gift,
        summed_gifts.days_since_last_gift,
        coalesce(summed_gifts.has_returned, false) as has_returned,
        scored_now.pause_band,
        scored_now.frequency_band,
        scored_now.rhythm_band,
        scored_now.churn_exposures,
        scored_now.churn_events,
        scored_now.churn_probability as churn_probability_score,
        scored_earlier.churn_probability as churn_probability_earlier,
        scored_now.churn_basis,
        cast(coalesce(activity.window_points, 0) as double) as window_points,
        cast(coalesce(activity.previous_window_points, 0) as double) as previous_window_points,
        matched_rules.behavior_pattern,
        matched_rules.pattern_evidence
    from profiles
    left join activity
        on profiles.voter_number = activity.voter_number
    left join summed_gifts
        on
            profiles.state = summed_gifts.state
            and profiles.svid = summed_gifts.svid
    left join scored_now
        on profiles.voter_number = scored_now.voter_number
    left join scored_earlier
        on profiles.voter_number = scored_earlier.voter_number
    left join matched_rules
        on
            profiles.voter_number = matched_rules.voter_number
            and matched_rules.place = 1
),

compared as (
    select
        gathered.state,
        gathered.svid,
        gathered.voter_number,
        gathered.human_events,
        gathered.active_days,
        gathered.first_event_at,
        gathered.last_event_at,
        gathered.days_since_first_event,
        gathered.days_since_last_event,
        case
            when gathered.days_since_first_event is null then 'no_activity'
            when gathered.days_since_first_event <= rules.stage_new then 'new'
            when gathered.days_since_first_event <= rules.stage_established then 'established'
            else 'veteran'
        end as lifecycle_stage,
        case
            when gathered.days_since_last_event is null then 'no_activity'
            when gathered.days_since_last_event <= rules.activity_recent then 'recently_active'
            when gathered.days_since_last_event <= rules.activity_moderate then 'moderately_active'
            when gathered.days_since_last_event <= rules.activity_at_risk then 'at_risk'
            else 'churned'
        end as activity_pattern,
        gathered.gifts_kept,
        gathered.donation_amount,
        gathered.days_since_last_gift,
        case
            when gathered.gifts_kept = 0 then 'non_donor'
            when gathered.donation_amount > rules.high_value_total then 'high_value'
            when gathered.gifts_kept = 1 then 'first_time'
            else 'repeat'
        end as giving_behavior,
        case
            when gathered.gifts_kept = 0 then 'never'
            when gathered.days_since_last_gift > rules.donor_lapsing then 'lapsed'
            when gathered.days_since_last_gift > rules.donor_active then 'lapsing'
            when gathered.days_since_first_gift <= rules.donor_new then 'new'
            when gathered.has_returned then 'returned'
            else 'active'
        end as donor_stage,
        case
            when gathered.gifts_kept > 0 and gathered.donation_amount > rules.high_value_total
                then
                    'gave ' || cast(gathered.donation_amount as varchar) || ' dollars in '
                    || {{ counted_noun('gathered.gifts_kept', "'gift'", "'gifts'") }}
            when gathered.gifts_kept > 0 and gathered.donation_amount_year > rules.high_value_year
                then 'gave ' || cast(gathered.donation_amount_year as varchar) || ' dollars within a year'
        end as high_value_reason,
        case
            when gathered.days_since_last_event is null then 'no_activity'
            when gathered.days_since_last_event > rules.churn_dormant then 'dormant'
            else 'active'
        end as churn_state,
        gathered.pause_band,
        gathered.frequency_band,
        gathered.rhythm_band,
        gathered.churn_exposures,
        gathered.churn_events,
        gathered.churn_basis,
        gathered.churn_probability_score,
        gathered.churn_probability_earlier,
        rules.risk_medium,
        rules.risk_high,
        gathered.window_points,
        gathered.previous_window_points,
        -- Of nothing nothing can be lost: without points before there is no drop.
        {{ percent('gathered.previous_window_points - gathered.window_points', 'gathered.previous_window_points') }}
            as activity_drop,
        coalesce(gathered.days_since_last_event >= rules.rule_quiet, false) as is_quiet,
        rules.rule_drop,
        gathered.behavior_pattern,
        gathered.pattern_evidence
    from gathered
    cross join rules
),

staged as (
    select
        state,
        svid,
        voter_number,
        first_event_at,
        last_event_at,
        human_events,
        active_days,
        days_since_first_event,
        days_since_last_event,
        lifecycle_stage,
        activity_pattern,
        gifts_kept,
        donation_amount,
        days_since_last_gift,
        giving_behavior,
        donor_stage,
        high_value_reason is not null as is_high_value,
        high_value_reason,
        churn_state,
        pause_band,
        frequency_band,
        rhythm_band,
        churn_exposures,
        churn_events,
        case when churn_state = 'active' then coalesce(churn_basis, 'insufficient_data') else churn_state end
            as churn_basis,
        churn_probability_score,
        churn_probability_earlier,
        case
            when churn_probability_score >= risk_high then 'high'
            when churn_probability_score >= risk_medium then 'medium'
            when churn_probability_score is not null then 'low'
        end as risk_class,
        case
            when churn_state <> 'active' then false
            else {{ churn_flag('churn_probability_score', 'churn_probability_earlier', 'risk_medium', 'risk_high') }}
        end as churn_risk_flag,
        window_points as activity_points,
        previous_window_points as activity_points_before,
        round(activity_drop, 2) as activity_drop_percent,
        is_quiet and coalesce(activity_drop >= rule_drop, false) as rule_churn_flag,
        coalesce(behavior_pattern, 'none') as behavior_pattern,
        pattern_evidence,
        '{{ invocation_id }}' as build_id
    from compared
)

select * from staged
