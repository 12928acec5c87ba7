with defined_rules as (
    select * from {{ ref('stg_definitions__rules') }}
),

handovers as (
    select * from {{ ref('stg_action__handovers') }}
),

voter_events as (
    select * from {{ ref('fct_voter_events') }}
),

voters as (
    select * from {{ ref('key_voters') }}
),

clock as (
    select * from {{ ref('key_clock') }}
),

outcomes as (
    select
        'click' as metric,
        'email_click' as event_type,
        {{ rule_value('personalization_rules', 'click_days') }} as within_days
    union all
    select
        'gift' as metric,
        'donation' as event_type,
        {{ rule_value('personalization_rules', 'gift_days') }} as within_days
),

limits as (
    select
        {{ rule_value('disclosure_limits', 'small_group') }} as small_group,
        {{ rule_value('trigger_rules', 'least_held_out') }} as least_held_out
),

-- The content of each message: a minus stands before a rule that the person was held out of.
entries as (
    select
        message_key,
        state,
        svid,
        handed_over_at,
        {{ exploded(split_at_commas('rules')) }} as entry
    from handovers
    where
        rules is not null
        and handed_over_at is not null
),

-- A person counts with the first message.
placed as (
    select
        entries.handed_over_at,
        voters.voter_number,
        left(entries.entry, 1) = '-' as is_held_out,
        case when left(entries.entry, 1) = '-' then substring(entries.entry, 2) else entries.entry end as rule,
        row_number() over (
            partition by
                voters.voter_number,
                case when left(entries.entry, 1) = '-' then substring(entries.entry, 2) else entries.entry end
            order by entries.handed_over_at, entries.message_key
        ) as place
    from entries
    inner join voters
        on
            entries.state = voters.state
            and entries.svid = voters.svid
),

-- Only people whose time is over: everybody had the same.
observed as (
    select
        placed.*,
        outcomes.metric,
        outcomes.event_type,
        outcomes.within_days
    from placed
    cross join outcomes
    cross join clock
    where
        placed.place = 1
        and {{ days_between('placed.handed_over_at', 'clock.as_of_date') }} >= outcomes.within_days
),

reached as (
    select distinct
        observed.rule,
        observed.voter_number,
        observed.metric
    from observed
    inner join voter_events
        on
            observed.voter_number = voter_events.voter_number
            and observed.event_type = voter_events.event_type
    where
        {{ is_not_before('voter_events.occurred_at', 'observed.handed_over_at') }}
        and {{ days_between('observed.handed_over_at', 'voter_events.occurred_at') }} <= observed.within_days
),

counted_by_rule as (
    select
        observed.rule,
        observed.metric,
        count(case when not observed.is_held_out then 1 end) as shown,
        count(case when observed.is_held_out then 1 end) as held_out,
        count(case when not observed.is_held_out then reached.voter_number end) as reached_shown,
        count(case when observed.is_held_out then reached.voter_number end) as reached_held_out
    from observed
    -- Most people do nothing.
    left join reached
        on
            observed.rule = reached.rule
            and observed.voter_number = reached.voter_number
            and observed.metric = reached.metric
    group by observed.rule, observed.metric
),

shared as (
    select
        defined_rules.slot,
        defined_rules.rule,
        defined_rules.template,
        defined_rules.status,
        defined_rules.holdout_share,
        outcomes.metric,
        coalesce(counted_by_rule.shown, 0) as shown,
        coalesce(counted_by_rule.held_out, 0) as held_out,
        coalesce(counted_by_rule.reached_shown, 0) as reached_shown,
        coalesce(counted_by_rule.reached_held_out, 0) as reached_held_out,
        {{ share('counted_by_rule.reached_shown', 'counted_by_rule.shown') }} as share_shown,
        {{ share('counted_by_rule.reached_held_out', 'counted_by_rule.held_out') }} as share_held_out,
        {{ sample_size('counted_by_rule.shown') }} as size_shown,
        {{ sample_size('counted_by_rule.held_out') }} as size_held_out,
        {{ pooled_z('counted_by_rule.reached_shown', 'counted_by_rule.shown', 'counted_by_rule.reached_held_out',
            'counted_by_rule.held_out') }} as z,
        counted_by_rule.shown >= limits.small_group as is_shown_to_enough,
        coalesce(
            least(counted_by_rule.shown, counted_by_rule.held_out) >= limits.least_held_out, false
        ) as is_measured
    from defined_rules
    cross join outcomes
    cross join limits
    -- Nothing with the rule may have been handed over yet.
    left join counted_by_rule
        on
            defined_rules.rule = counted_by_rule.rule
            and outcomes.metric = counted_by_rule.metric
),

bounded as (
    select
        *,
        {{ wilson_bound('share_shown', 'size_shown', '-', z_of_95_percent()) }} as low_shown,
        {{ wilson_bound('share_shown', 'size_shown', '+', z_of_95_percent()) }} as high_shown,
        {{ wilson_bound('share_held_out', 'size_held_out', '-', z_of_95_percent()) }} as low_held_out,
        {{ wilson_bound('share_held_out', 'size_held_out', '+', z_of_95_percent()) }} as high_held_out,
        {{ erfc_x('z') }} as z_x
    from shared
),

compared as (
    select
        *,
        {{ erfc_t('z_x') }} as z_t,
        {{ newcombe_bound('share_shown', 'low_shown', 'share_held_out', 'high_held_out', '-') }} as raw_low,
        {{ newcombe_bound('share_shown', 'high_shown', 'share_held_out', 'low_held_out', '+') }} as raw_high
    from bounded
),

tested as (
    select
        *,
        {{ erfc_u('z_t') }} as z_u
    from compared
),

judged as (
    select
        slot,
        rule,
        metric,
        template,
        status,
        shown,
        held_out,
        case when is_shown_to_enough then reached_shown end as reached_shown,
        case when is_measured then reached_held_out end as reached_held_out,
        case when is_shown_to_enough then round(share_shown, 6) end as share_shown,
        case when is_shown_to_enough then round(low_shown, 6) end as share_low,
        case when is_shown_to_enough then round(high_shown, 6) end as share_high,
        case when is_measured then round(share_held_out, 6) end as share_held_out,
        case when is_measured then round(share_shown - share_held_out, 6) end as difference,
        case when is_measured then round(raw_low, 6) end as ci_low,
        case when is_measured then round(raw_high, 6) end as ci_high,
        case when is_measured then round({{ two_sided_p('z_x', 'z_t', 'z_u') }}, 6) end as p_value,
        case
            when held_out = 0 and holdout_share = 0 then 'not_measured'
            when not is_measured then 'insufficient'
            when raw_low > 0 then 'better'
            when raw_high < 0 then 'worse'
            else 'no_difference_shown'
        end as verdict,
        '{{ invocation_id }}' as build_id
    from tested
)

select * from judged
