{#- Over 300 lines for a reason: thirteen imports and twelve rules, of which each is short. -#}
with insight_rules as (
    select * from {{ ref('insight_rules') }}
),

alerts as (
    select * from {{ ref('engagement_health_alerts') }}
),

weeks as (
    select * from {{ ref('engagement_health_weekly') }}
),

sessions as (
    select * from {{ ref('sessions') }}
),

lifecycle as (
    select * from {{ ref('voter_lifecycle') }}
),

cohorts as (
    select * from {{ ref('cohorts') }}
),

addresses as (
    select * from {{ ref('address_hygiene') }}
),

responsiveness as (
    select * from {{ ref('responsiveness') }}
),

event_mix as (
    select * from {{ ref('event_mix') }}
),

event_types as (
    select * from {{ ref('event_types') }}
),

profiles as (
    select * from {{ ref('enriched_profiles') }}
),

session_sequences as (
    select * from {{ ref('session_sequences') }}
),

-- Rates that alerted in the last complete week; the reference is the alert's: the weeks before.
alerted_rates as (
    select
        insight_rules.rule,
        alerts.metric as subject,
        {{ metric_successes('alerts.metric', 'weeks') }} as successes,
        {{ metric_trials('alerts.metric', 'weeks') }} as trials,
        alerts.baseline / 100 as reference_share
    from alerts
    inner join weeks
        on alerts.week_start = weeks.week_start
    inner join insight_rules
        on insight_rules.rule in ('rate_rose', 'rate_fell')
    where
        weeks.week_start = (
            select max(complete.week_start)
            from weeks as complete
            where complete.is_complete_week
        )
),

-- A visit that several voters share counts once.
recent_visits as (
    select
        insight_rules.rule,
        cast(null as varchar) as subject,
        count(
            case when {{ days_between('sessions.started_at', as_of_date()) }} < insight_rules.recent_days then 1 end
        ) as successes,
        count(*) as trials,
        {{ share('insight_rules.recent_days', 'insight_rules.days') }} as reference_share
    from sessions
    inner join insight_rules
        on insight_rules.rule = 'visits_fell'
    where
        sessions.is_contact
        and {{ days_between('sessions.started_at', as_of_date()) }} < insight_rules.days
    group by insight_rules.rule, insight_rules.days, insight_rules.recent_days
),

people_at_risk as (
    select
        'people_at_risk' as rule,
        cast(null as varchar) as subject,
        count(case when churn_risk_flag then 1 end) as successes,
        count(*) as trials,
        cast(1 as double) as reference_share
    from lifecycle
    where churn_state = 'active'
),

ranked_cohorts as (
    select
        *,
        row_number() over (order by cohort_month desc) as months_back
    from cohorts
    where
        cohort_kind = 'first_touch'
        and months_since = 1
        and is_complete
),

-- The last cohort whose month after is over, against the six before it.
retained_cohorts as (
    select
        'cohort_retention_fell' as rule,
        cast(max(case when months_back = 1 then cohort_month end) as varchar) as subject,
        sum(case when months_back = 1 then active else 0 end) as successes,
        sum(case when months_back = 1 then members else 0 end) as trials,
        {{ share(
            'sum(case when months_back > 1 then active else 0 end)',
            'sum(case when months_back > 1 then members else 0 end)'
        ) }} as reference_share
    from ranked_cohorts
    where months_back <= 7
),

-- An address that must not be mailed for another reason, such as an opt-out, works.
unmailable_addresses as (
    select
        'addresses_not_worth_mailing' as rule,
        cast(null as varchar) as subject,
        count(case when mail_blocked_by in ('malformed', 'hard_bounce', 'inactive') then 1 end) as successes,
        count(*) as trials,
        cast(1 as double) as reference_share
    from addresses
    where is_first_voter
),

summed_responsiveness as (
    select
        *,
        sum(clicked_sends) over (partition by dimension) as all_clicked_sends,
        sum(sends) over (partition by dimension) as all_sends
    from responsiveness
    where dimension in ('hour', 'weekday')
),

-- The best of many wins by luck, too: it must also be above average on the sends that did not choose it.
best_times as (
    select
        case dimension when 'hour' then 'best_hour' else 'best_weekday' end as rule,
        value as subject,
        clicked_sends as successes,
        sends as trials,
        {{ share('all_clicked_sends', 'all_sends') }} as reference_share
    from summed_responsiveness
    where
        is_best_by_rate
        and held_out_index > 1
),

summed_by_channel as (
    select
        event_mix.channel,
        sum(case when event_types.is_answer then event_mix.events else 0 end) as answers,
        sum(case when event_types.role = 'exposure' then event_mix.events else 0 end) as exposures
    from event_mix
    inner join event_types
        on event_mix.event_type = event_types.event_type
    group by event_mix.channel
),

compared_channels as (
    select
        *,
        sum(answers) over () - answers as other_answers,
        sum(exposures) over () - exposures as other_exposures
    from summed_by_channel
    where exposures > 0
),

best_channels as (
    select
        'best_channel' as rule,
        channel as subject,
        answers as successes,
        exposures as trials,
        {{ share('other_answers', 'other_exposures') }} as reference_share
    from compared_channels
    where other_exposures > 0
),

summed_by_county as (
    select
        county || ', ' || state as county,
        count(case when is_donor then 1 end) as donors,
        count(*) as people
    from profiles
    where county is not null
    group by county, state
),

compared_counties as (
    select
        insight_rules.rule,
        summed_by_county.county as subject,
        summed_by_county.donors as successes,
        summed_by_county.people as trials,
        {{ share(
            'sum(summed_by_county.donors) over (partition by insight_rules.rule)',
            'sum(summed_by_county.people) over (partition by insight_rules.rule)'
        ) }} as reference_share
    from summed_by_county
    inner join insight_rules
        on insight_rules.rule in ('best_county', 'worst_county')
),

top_sequences as (
    select
        'top_sequence' as rule,
        next_event_type || ' comes after ' || first_event_type as subject,
        pairs as successes,
        first_pairs as trials,
        {{ share('next_pairs', 'all_pairs') }} as reference_share
    from session_sequences
    where sequence_rank = 1
),

candidates as (
    {% for candidates in [
        'alerted_rates', 'recent_visits', 'people_at_risk', 'retained_cohorts', 'unmailable_addresses', 'best_times',
        'best_channels', 'compared_counties', 'top_sequences',
    ] %}
    select * from {{ candidates }}
    {% if not loop.last %}
    union all
    {% endif %}
    {% endfor %}
),

-- No finding is about fewer people than the disclosure limit, nor about all but so few.
proportioned as (
    select
        candidates.*,
        {{ proportion('candidates.successes', 'candidates.trials') }} as proportion,
        {{ sample_size('candidates.trials') }} as sample_size
    from candidates
    where
        candidates.successes >= {{ rule_value('disclosure_limits', 'small_group') }}
        and candidates.trials - candidates.successes >= {{ rule_value('disclosure_limits', 'small_group') }}
),

bounded as (
    select
        *,
        {{ wilson_bound('proportion', 'sample_size', '-') }} as proportion_low,
        {{ wilson_bound('proportion', 'sample_size', '+') }} as proportion_high
    from proportioned
),

-- The whole interval must lie beyond the rule's threshold.
ranked as (
    select
        bounded.*,
        insight_rules.sort_order,
        insight_rules.days,
        insight_rules.recent_days,
        insight_rules.mart,
        insight_rules.sentence,
        row_number() over (
            partition by insight_rules.rule
            order by
                case
                    when insight_rules.direction = 'above' then -bounded.proportion_low
                    else bounded.proportion_high
                end,
                bounded.subject
        ) as place
    from bounded
    inner join insight_rules
        on bounded.rule = insight_rules.rule
    where
        (
            insight_rules.direction = 'above'
            and bounded.proportion_low > bounded.reference_share * insight_rules.threshold
        )
        or (
            insight_rules.direction = 'below'
            and bounded.proportion_high < bounded.reference_share * insight_rules.threshold
        )
),

worded as (
    select
        row_number() over (order by sort_order, rule) as insight_rank,
        rule,
        subject,
        {{ filled_in('sentence', {
            'subject': "coalesce(subject, '')",
            'days': "coalesce(cast(days as varchar), '')",
            'recent_days': "coalesce(cast(recent_days as varchar), '')",
            'share': percent_text('proportion'),
            'low': percent_text('proportion_low'),
            'high': percent_text('proportion_high'),
            'reference': percent_text('reference_share')
        }) }} as sentence,
        round(proportion, 4) as insight_share,
        round(proportion_low, 4) as insight_share_low,
        round(proportion_high, 4) as insight_share_high,
        round(reference_share, 4) as reference_share,
        cast(successes as bigint) as successes,
        cast(trials as bigint) as trials,
        mart,
        '{{ invocation_id }}' as build_id
    from ranked
    where place = 1
)

select * from worded
where insight_rank <= 10
