with insight_rules as (
    select * from {{ ref('insight_rules') }}
),

disclosure_limits as (
    select * from {{ ref('disclosure_limits') }}
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

-- The reference is the weeks before, as the alert has it.
last_alerts as (
    select
        alerts.metric,
        alerts.baseline / 100 as reference_share,
        case alerts.metric
            when 'open_rate' then weeks.opens
            when 'click_to_open_rate' then weeks.clicks
            when 'click_rate' then weeks.clicks
            when 'bounce_rate' then weeks.bounces
            when 'complaint_rate' then weeks.complaints
            when 'unsub_rate' then weeks.unsubs
        end as successes,
        case alerts.metric when 'click_to_open_rate' then weeks.opens else weeks.sends end as trials
    from alerts
    inner join weeks
        on alerts.week_start = weeks.week_start
    where
        weeks.week_start = (
            select max(complete.week_start)
            from weeks as complete
            where complete.is_complete_week
        )
),

-- A visit of several voters is one.
recent_visits as (
    select
        rules.rule,
        count(
            case when {{ days_between('sessions.started_at', as_of_date()) }} < rules.recent_days then 1 end
        ) as successes,
        count(*) as trials,
        {{ share('rules.recent_days', 'rules.days') }} as reference_share
    from sessions
    inner join insight_rules as rules
        on rules.rule = 'visits_fell'
    where
        sessions.is_contact
        and {{ days_between('sessions.started_at', as_of_date()) }} < rules.days
    group by rules.rule, rules.days, rules.recent_days
),

-- The last cohort whose month after is over, and the six before it.
recent_cohorts as (
    select
        cohort_month,
        members,
        active,
        row_number() over (order by cohort_month desc) as months_back
    from cohorts
    where
        cohort_kind = 'first_touch'
        and months_since = 1
        and is_complete
),

summed_responsiveness as (
    select
        dimension,
        sum(clicked_sends) as clicked_sends,
        sum(sends) as sends
    from responsiveness
    group by dimension
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

compared_by_channel as (
    select
        channel,
        answers,
        exposures,
        sum(answers) over () - answers as other_answers,
        sum(exposures) over () - exposures as other_exposures
    from summed_by_channel
    where exposures > 0
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

candidates as (
    select
        rules.rule,
        metric as subject,
        successes,
        trials,
        reference_share
    from last_alerts
    inner join insight_rules as rules
        on rules.rule in ('rate_rose', 'rate_fell')
    union all
    select
        rule,
        cast(null as varchar) as subject,
        successes,
        trials,
        reference_share
    from recent_visits
    union all
    select
        'people_at_risk' as rule,
        cast(null as varchar) as subject,
        count(case when churn_risk_flag then 1 end) as successes,
        count(*) as trials,
        cast(1 as double) as reference_share
    from lifecycle
    where churn_state = 'active'
    union all
    select
        'cohort_retention_fell' as rule,
        cast(max(case when months_back = 1 then cohort_month end) as varchar) as subject,
        sum(case when months_back = 1 then active else 0 end) as successes,
        sum(case when months_back = 1 then members else 0 end) as trials,
        {{ share(
            'sum(case when months_back > 1 then active else 0 end)',
            'sum(case when months_back > 1 then members else 0 end)'
        ) }} as reference_share
    from recent_cohorts
    where months_back <= 7
    union all
    -- Who has opted out, or must not be written to for another reason, has a fine address.
    select
        'addresses_not_worth_mailing' as rule,
        cast(null as varchar) as subject,
        count(case when mail_blocked_by in ('malformed', 'hard_bounce', 'inactive') then 1 end) as successes,
        count(*) as trials,
        cast(1 as double) as reference_share
    from addresses
    where is_first_voter
    union all
    -- The best of all hours on the sends that it was chosen from must be good on the others, too.
    select
        case responsiveness.dimension when 'hour' then 'best_hour' else 'best_weekday' end as rule,
        responsiveness.value as subject,
        responsiveness.clicked_sends as successes,
        responsiveness.sends as trials,
        {{ share('summed_responsiveness.clicked_sends', 'summed_responsiveness.sends') }} as reference_share
    from responsiveness
    inner join summed_responsiveness
        on responsiveness.dimension = summed_responsiveness.dimension
    where
        responsiveness.dimension in ('hour', 'weekday')
        and responsiveness.is_best_by_rate
        and responsiveness.held_out_index > 1
    union all
    select
        'best_channel' as rule,
        channel as subject,
        answers as successes,
        exposures as trials,
        {{ share('other_answers', 'other_exposures') }} as reference_share
    from compared_by_channel
    where other_exposures > 0
    union all
    select
        rules.rule,
        summed_by_county.county as subject,
        summed_by_county.donors as successes,
        summed_by_county.people as trials,
        {{ share(
            'sum(summed_by_county.donors) over (partition by rules.rule)',
            'sum(summed_by_county.people) over (partition by rules.rule)'
        ) }} as reference_share
    from summed_by_county
    inner join insight_rules as rules
        on rules.rule in ('best_county', 'worst_county')
    union all
    select
        'top_sequence' as rule,
        next_event_type || ' comes after ' || first_event_type as subject,
        pairs as successes,
        first_pairs as trials,
        {{ share('next_pairs', 'all_pairs') }} as reference_share
    from session_sequences
    where sequence_rank = 1
),

-- Nothing is told of a handful of people, nor of all but a handful.
proportioned as (
    select
        candidates.rule,
        candidates.subject,
        cast(candidates.successes as bigint) as successes,
        cast(candidates.trials as bigint) as trials,
        candidates.reference_share,
        {{ proportion('candidates.successes', 'candidates.trials') }} as proportion,
        {{ sample_size('candidates.trials') }} as sample_size
    from candidates
    inner join disclosure_limits
        on disclosure_limits.rule = 'small_group'
    where
        candidates.successes >= disclosure_limits.value
        and candidates.trials - candidates.successes >= disclosure_limits.value
),

bounded as (
    select
        rule,
        subject,
        successes,
        trials,
        reference_share,
        proportion,
        {{ wilson_bound('proportion', 'sample_size', '-') }} as proportion_low,
        {{ wilson_bound('proportion', 'sample_size', '+') }} as proportion_high
    from proportioned
),

-- Only what the whole interval says is told.
judged as (
    select
        insight_rules.rule,
        insight_rules.sort_order,
        insight_rules.days,
        insight_rules.recent_days,
        insight_rules.mart,
        insight_rules.sentence,
        bounded.subject,
        bounded.successes,
        bounded.trials,
        bounded.reference_share,
        bounded.proportion,
        bounded.proportion_low,
        bounded.proportion_high,
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

told as (
    select
        row_number() over (order by sort_order, rule) as insight_rank,
        rule,
        subject,
        replace(
            replace(
                replace(
                    replace(
                        replace(
                            replace(
                                replace(sentence, '{subject}', coalesce(subject, '')),
                                '{days}', coalesce(cast(days as varchar), '')
                            ), '{recent_days}', coalesce(cast(recent_days as varchar), '')
                        ), '{share}', cast(round(100 * proportion, 1) as varchar)
                    ), '{low}', cast(round(100 * proportion_low, 1) as varchar)
                ), '{high}', cast(round(100 * proportion_high, 1) as varchar)
            ), '{reference}', cast(round(100 * reference_share, 1) as varchar)
        ) as sentence,
        round(proportion, 4) as insight_share,
        round(proportion_low, 4) as insight_share_low,
        round(proportion_high, 4) as insight_share_high,
        round(reference_share, 4) as reference_share,
        successes,
        trials,
        mart,
        '{{ invocation_id }}' as build_id
    from judged
    where place = 1
)

select * from told
where insight_rank <= 10
