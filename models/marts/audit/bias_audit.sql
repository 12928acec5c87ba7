with profiles as (
    select * from {{ ref('enriched_profiles') }}
),

donor_propensity as (
    select * from {{ ref('donor_propensity') }}
),

contact_permissions as (
    select * from {{ ref('contact_permissions') }}
),

address_hygiene as (
    select * from {{ ref('address_hygiene') }}
),

engagement_scores as (
    select * from {{ ref('engagement_scores') }}
),

voter_lifecycle as (
    select * from {{ ref('voter_lifecycle') }}
),

churn_hazard as (
    select * from {{ ref('churn_hazard') }}
),

activity as (
    select * from {{ ref('agg_activity_by_voter') }}
),

events as (
    select * from {{ ref('fct_voter_events') }}
),

audited_scores as (
    select * from {{ ref('audited_scores') }}
),

audit_limits as (
    select * from {{ ref('audit_limits') }}
),

disclosure_limits as (
    select * from {{ ref('disclosure_limits') }}
),

rules as (
    select
        churn_horizon,
        churn_earlier,
        risk_medium,
        risk_high
    from {{ lifecycle_rules() }} as lifecycle_rules
),

-- One select a score or flag: whom it is about, and its value, as a decimal, whose sums know no order.
valued as (
    select
        voter_number,
        'donor_propensity_score' as score,
        cast(donor_propensity_score as decimal(18, 6)) as score_value
    from donor_propensity
    union all
    select
        voter_number,
        'may_email' as score,
        cast(case when may_email then 1 else 0 end as decimal(18, 6)) as score_value
    from contact_permissions
    union all
    select
        voter_number,
        'should_mail' as score,
        cast(max(case when should_mail then 1 else 0 end) as decimal(18, 6)) as score_value
    from address_hygiene
    group by voter_number
    union all
    select
        voter_number,
        'is_inactive_suppressed' as score,
        cast(max(case when is_inactive_suppressed then 1 else 0 end) as decimal(18, 6)) as score_value
    from address_hygiene
    group by voter_number
    union all
    select
        voter_number,
        'engagement_score' as score,
        cast(engagement_score as decimal(18, 6)) as score_value
    from engagement_scores
    union all
    select
        voter_number,
        'intent_score' as score,
        cast(intent_score as decimal(18, 6)) as score_value
    from engagement_scores
    union all
    select
        voter_number,
        'churn_probability_score' as score,
        cast(churn_probability_score as decimal(18, 6)) as score_value
    from voter_lifecycle
    union all
    -- Who never did anything cannot go quiet; the dormant have, and are not warned of any more.
    select
        voter_number,
        'churn_risk_flag' as score,
        cast(case when churn_risk_flag then 1 when not churn_risk_flag then 0 end as decimal(18, 6)) as score_value
    from voter_lifecycle
    where churn_state <> 'no_activity'
    union all
    select
        voter_number,
        'rule_churn_flag' as score,
        cast(case when rule_churn_flag then 1 else 0 end as decimal(18, 6)) as score_value
    from voter_lifecycle
    where churn_state <> 'no_activity'
    union all
    select
        voter_number,
        'is_high_value' as score,
        cast(case when is_high_value then 1 else 0 end as decimal(18, 6)) as score_value
    from voter_lifecycle
),

outcome_days as (
    select outcome_days
    from audited_scores
    where score = 'donor_propensity_score'
),

timed_events as (
    select
        events.voter_number,
        events.event_type,
        events.campaign_id,
        events.quantity,
        -- The day of the score itself was known.
        {{ days_between('events.occurred_at', as_of_date()) }} - outcome_days.outcome_days as days_before
    from events
    cross join outcome_days
    where events.event_type in ('email_click', 'email_open', 'donation')
),

-- What donor propensity knew on that day, and what came after it.
donor_history as (
    select
        voter_number,
        max(case when days_before < 0 and event_type = 'donation' then 1 else 0 end) as has_outcome,
        cast(coalesce(sum(case when days_before >= 0 and event_type = 'email_click' then quantity end), 0) as bigint)
            as clicks,
        count(distinct case when days_before >= 0 and event_type in ('email_click', 'email_open') then campaign_id end)
            as campaigns,
        count(case when days_before >= 0 and event_type = 'donation' then 1 end) as gifts,
        min(case when days_before >= 0 and event_type = 'email_click' then days_before end) as days_since_last_click
    from timed_events
    group by voter_number
),

donor_weighed as (
    select
        donor_propensity.voter_number,
        coalesce(donor_history.has_outcome, 0) as has_outcome,
        {{ propensity_base('coalesce(donor_history.gifts, 0)') }} as score_base,
        {{ capped_component('clicks', 'coalesce(donor_history.clicks, 0)') }} as score_clicks,
        {{ capped_component('campaigns', 'coalesce(donor_history.campaigns, 0)') }} as score_campaigns,
        {{ capped_component('recency', 'donor_history.days_since_last_click') }} as score_recency
    from donor_propensity
    -- Most voters never did any of these.
    left join donor_history
        on donor_propensity.voter_number = donor_history.voter_number
    where donor_propensity.donor_propensity_score is not null
),

placed_at_fit as (
    {{ churn_cells(
        'activity', 'days_since_first - rules.churn_horizon', 'days_since_last_at_fit', 'active_days_at_fit',
        'recent_active_days_at_fit'
    ) }}
),

placed_before_fit as (
    {{ churn_cells(
        'activity', 'days_since_first - rules.churn_horizon - rules.churn_earlier', 'days_since_last_before_fit',
        'active_days_before_fit', 'recent_active_days_before_fit'
    ) }}
),

trials as (
    select
        pause_band,
        frequency_band,
        rhythm_band,
        churn_probability
    from churn_hazard
    where fit = 'trial'
),

-- What the older fit had said one horizon ago, by what was known then, of people who were not dormant then.
churn_tried as (
    select
        placed_at_fit.voter_number,
        trials.churn_probability as earlier_value,
        {{ churn_flag(
            'trials.churn_probability', 'earlier_hazard.churn_probability', 'rules.risk_medium',
            'rules.risk_high'
        ) }} as earlier_flag,
        case when activity.days_since_last >= rules.churn_horizon then 1 else 0 end as has_outcome
    from placed_at_fit
    cross join rules
    inner join activity
        on placed_at_fit.voter_number = activity.voter_number
    inner join trials
        on
            placed_at_fit.pause_band = trials.pause_band
            and placed_at_fit.frequency_band = trials.frequency_band
            and placed_at_fit.rhythm_band = trials.rhythm_band
    -- Who was not there yet, or dormant, at the second look was not flagged then.
    left join placed_before_fit
        on placed_at_fit.voter_number = placed_before_fit.voter_number
    left join trials as earlier_hazard
        on
            placed_before_fit.pause_band = earlier_hazard.pause_band
            and placed_before_fit.frequency_band = earlier_hazard.frequency_band
            and placed_before_fit.rhythm_band = earlier_hazard.rhythm_band
    where trials.churn_probability is not null
),

-- One select a score that can be held against what happened: what it said then, and what came.
tried as (
    select
        voter_number,
        'donor_propensity_score' as score,
        {{ propensity_score('score_base', 'score_clicks', 'score_campaigns', 'score_recency') }} as earlier_value,
        has_outcome
    from donor_weighed
    union all
    select
        voter_number,
        'churn_probability_score' as score,
        earlier_value,
        has_outcome
    from churn_tried
    union all
    select
        voter_number,
        'churn_risk_flag' as score,
        case when earlier_flag then 1 else 0 end as earlier_value,
        has_outcome
    from churn_tried
),

-- The people of today and those of then beside each other: who has gone quiet since is among the latter only.
judged as (
    select
        valued.voter_number,
        valued.score,
        valued.score_value,
        case when valued.score_value >= cast(audited_scores.selects_at as decimal(18, 6)) then 1 else 0 end
            as is_selected,
        cast(null as bigint) as was_selected,
        cast(null as bigint) as has_outcome
    from valued
    inner join audited_scores
        on valued.score = audited_scores.score
    where valued.score_value is not null
    union all
    select
        tried.voter_number,
        tried.score,
        cast(null as decimal(18, 6)) as score_value,
        cast(0 as bigint) as is_selected,
        case when tried.earlier_value >= audited_scores.selects_at then 1 else 0 end as was_selected,
        tried.has_outcome
    from tried
    inner join audited_scores
        on tried.score = audited_scores.score
),

-- People of one county, age, sex and party first: what follows is about thousands of rows.
cells as (
    select
        judged.score,
        profiles.county,
        profiles.age_band,
        profiles.gender,
        profiles.party,
        count(judged.score_value) as voters,
        sum(judged.score_value) as score_sum,
        sum(judged.is_selected) as selected,
        count(judged.has_outcome) as tried_voters,
        coalesce(sum(judged.has_outcome), 0) as positives,
        coalesce(sum(case when judged.has_outcome = 0 then judged.was_selected end), 0)
            as false_positives,
        coalesce(sum(case when judged.has_outcome = 1 then 1 - judged.was_selected end), 0)
            as false_negatives
    from judged
    inner join profiles
        on judged.voter_number = profiles.voter_number
    group by judged.score, profiles.county, profiles.age_band, profiles.gender, profiles.party
),

grouped_cells as (
    select
        cells.score,
        kinds.group_kind,
        case kinds.group_kind
            when 'county' then coalesce(cells.county, 'unknown')
            when 'age_band' then coalesce(cells.age_band, 'unknown')
            when 'gender' then coalesce(cells.gender, 'unknown')
            when 'party' then coalesce(cells.party, 'unknown')
        end as group_value,
        cells.voters,
        cells.score_sum,
        cells.selected,
        cells.tried_voters,
        cells.positives,
        cells.false_positives,
        cells.false_negatives
    from cells
    cross join (
        values ('county'), ('age_band'), ('gender'), ('party')
    ) as kinds (group_kind)
),

counted as (
    select
        score,
        group_kind,
        group_value,
        cast(sum(voters) as bigint) as voters,
        cast(sum(score_sum) as decimal(28, 6)) as score_sum,
        cast(sum(selected) as bigint) as selected,
        cast(sum(tried_voters) as bigint) as tried_voters,
        cast(sum(positives) as bigint) as positives,
        cast(sum(false_positives) as bigint) as false_positives,
        cast(sum(false_negatives) as bigint) as false_negatives
    from grouped_cells
    group by score, group_kind, group_value
    -- A group of whom the score says nothing today has no row.
    having sum(voters) > 0
),

-- The rest are all others of whom the score says something.
compared as (
    select
        score,
        group_kind,
        group_value,
        voters,
        {{ share('score_sum', 'voters') }} as mean_score,
        selected,
        cast(sum(voters) over (partition by score, group_kind) as bigint) - voters as rest_voters,
        cast(sum(selected) over (partition by score, group_kind) as bigint) - selected as rest_selected,
        tried_voters,
        positives,
        false_positives,
        false_negatives,
        tried_voters - positives as negatives
    from counted
),

proportioned as (
    select
        score,
        group_kind,
        group_value,
        voters,
        mean_score,
        selected,
        rest_voters,
        rest_selected,
        tried_voters,
        positives,
        negatives,
        false_positives,
        false_negatives,
        {{ proportion('selected', 'voters') }} as p_selected,
        {{ sample_size('voters') }} as n_voters,
        {{ proportion('rest_selected', 'rest_voters') }} as p_rest,
        {{ sample_size('rest_voters') }} as n_rest,
        {{ proportion('false_positives', 'negatives') }} as p_false_positive,
        {{ sample_size('negatives') }} as n_negatives,
        {{ proportion('false_negatives', 'positives') }} as p_false_negative,
        {{ sample_size('positives') }} as n_positives,
        {{ erfc_x(pooled_z('selected', 'voters', 'rest_selected', 'rest_voters')) }} as x
    from compared
),

bounded as (
    select
        score,
        group_kind,
        group_value,
        voters,
        mean_score,
        selected,
        rest_voters,
        rest_selected,
        tried_voters,
        positives,
        negatives,
        false_positives,
        false_negatives,
        p_selected,
        p_rest,
        p_false_positive,
        p_false_negative,
        {{ wilson_bound('p_selected', 'n_voters', '-') }} as selected_low,
        {{ wilson_bound('p_selected', 'n_voters', '+') }} as selected_high,
        {{ wilson_bound('p_rest', 'n_rest', '-') }} as rest_low,
        {{ wilson_bound('p_rest', 'n_rest', '+') }} as rest_high,
        {{ wilson_bound('p_false_positive', 'n_negatives', '-') }} as false_positive_low,
        {{ wilson_bound('p_false_positive', 'n_negatives', '+') }} as false_positive_high,
        {{ wilson_bound('p_false_negative', 'n_positives', '-') }} as false_negative_low,
        {{ wilson_bound('p_false_negative', 'n_positives', '+') }} as false_negative_high,
        x,
        {{ erfc_t('x') }} as t
    from proportioned
),

measured as (
    select
        score,
        group_kind,
        group_value,
        voters,
        mean_score,
        selected,
        rest_voters,
        rest_selected,
        tried_voters,
        positives,
        negatives,
        false_positives,
        false_negatives,
        p_selected,
        p_rest,
        p_false_positive,
        p_false_negative,
        selected_low,
        selected_high,
        {{ newcombe_bound('p_selected', 'selected_low', 'p_rest', 'rest_high', '-') }} as difference_low,
        {{ newcombe_bound('p_selected', 'selected_high', 'p_rest', 'rest_low', '+') }} as difference_high,
        false_positive_low,
        false_positive_high,
        false_negative_low,
        false_negative_high,
        x,
        t,
        {{ erfc_u('t') }} as u
    from bounded
),

tested as (
    select
        score,
        group_kind,
        group_value,
        voters,
        mean_score,
        selected,
        rest_voters,
        rest_selected,
        tried_voters,
        positives,
        negatives,
        false_positives,
        false_negatives,
        p_selected,
        p_rest,
        p_false_positive,
        p_false_negative,
        selected_low,
        selected_high,
        difference_low,
        difference_high,
        false_positive_low,
        false_positive_high,
        false_negative_low,
        false_negative_high,
        -- Where nothing varies nothing differs.
        coalesce({{ two_sided_p('x', 't', 'u') }}, 1) as p_value
    from measured
),

numbered as (
    select
        score,
        group_kind,
        group_value,
        voters,
        mean_score,
        selected,
        rest_voters,
        rest_selected,
        tried_voters,
        positives,
        negatives,
        false_positives,
        false_negatives,
        p_selected,
        p_rest,
        p_false_positive,
        p_false_negative,
        selected_low,
        selected_high,
        difference_low,
        difference_high,
        false_positive_low,
        false_positive_high,
        false_negative_low,
        false_negative_high,
        p_value,
        count(*) over () as tests,
        row_number() over (order by p_value, score, group_kind, group_value) as p_rank
    from tested
),

-- All rows are looked at, so the false discovery rate is held over all of them (F71).
corrected as (
    select
        score,
        group_kind,
        group_value,
        voters,
        mean_score,
        selected,
        rest_voters,
        rest_selected,
        tried_voters,
        positives,
        negatives,
        false_positives,
        false_negatives,
        p_selected,
        p_rest,
        p_false_positive,
        p_false_negative,
        selected_low,
        selected_high,
        difference_low,
        difference_high,
        false_positive_low,
        false_positive_high,
        false_negative_low,
        false_negative_high,
        p_value,
        {{ q_value('p_value', 'tests', 'p_rank') }} as q_value
    from numbered
),

limits as (
    select
        max(case when audit_limits.rule = 'rate_difference' then audit_limits.limit_value end) as rate_difference,
        max(case when audit_limits.rule = 'selection_ratio' then audit_limits.limit_value end) as selection_ratio,
        max(case when audit_limits.rule = 'q_value' then audit_limits.limit_value end) as q_value,
        max(disclosure_limits.value) as min_people
    from audit_limits
    cross join disclosure_limits
    where disclosure_limits.rule = 'small_group'
),

flagged as (
    select
        corrected.score,
        corrected.group_kind,
        corrected.group_value,
        corrected.voters as group_voters,
        corrected.voters < limits.min_people as is_small_group,
        round(corrected.mean_score, 4) as mean_score,
        corrected.selected,
        round(corrected.p_selected * 100, 2) as selection_rate,
        round(corrected.selected_low * 100, 2) as selection_rate_low,
        round(corrected.selected_high * 100, 2) as selection_rate_high,
        corrected.rest_voters,
        corrected.rest_selected,
        round((corrected.p_selected - corrected.p_rest) * 100, 2) as rate_difference,
        round(corrected.difference_low * 100, 2) as rate_difference_low,
        round(corrected.difference_high * 100, 2) as rate_difference_high,
        round(corrected.p_selected / nullif(corrected.p_rest, 0), 3) as selection_ratio,
        corrected.p_value,
        corrected.q_value,
        coalesce(
            corrected.voters >= limits.min_people
            and corrected.q_value <= limits.q_value
            and (
                -- Rounded: 0.6 - 0.5 is a hair below 0.1 in binary fractions.
                round(abs(corrected.p_selected - corrected.p_rest) * 100, 9) >= limits.rate_difference
                or (
                    corrected.p_rest is not null
                    and round(
                        least(corrected.p_selected, corrected.p_rest)
                        / nullif(greatest(corrected.p_selected, corrected.p_rest), 0), 9
                    ) < limits.selection_ratio
                )
            ), false
        ) as is_flagged,
        audited_scores.outcome,
        corrected.tried_voters,
        corrected.positives as outcome_voters,
        corrected.false_positives,
        round(corrected.p_false_positive * 100, 2) as false_positive_rate,
        round(corrected.false_positive_low * 100, 2) as false_positive_rate_low,
        round(corrected.false_positive_high * 100, 2) as false_positive_rate_high,
        corrected.false_negatives,
        round(corrected.p_false_negative * 100, 2) as false_negative_rate,
        round(corrected.false_negative_low * 100, 2) as false_negative_rate_low,
        round(corrected.false_negative_high * 100, 2) as false_negative_rate_high,
        '{{ invocation_id }}' as build_id
    from corrected
    inner join audited_scores
        on corrected.score = audited_scores.score
    cross join limits
)

select * from flagged
