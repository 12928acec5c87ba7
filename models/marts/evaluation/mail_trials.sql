with events as (
    select * from {{ ref('fct_voter_events') }}
),

send_trials as (
    select * from {{ ref('send_time_trials') }}
    where dimension = 'hour'
),

evaluated_scores as (
    select * from {{ ref('evaluated_scores') }}
    where outcome in ('click', 'engagement')
),

moments as (
    select
        numbers.horizons_back,
        cast({{ rule_value('score_rules', 'gift_horizon') }} as bigint) as horizon_days
    from (values (cast(1 as bigint)), (cast(2 as bigint))) as numbers (horizons_back)
),

mails as (
    select
        voter_number,
        client_shortname,
        event_type,
        is_human,
        quantity,
        {{ days_between('occurred_at', as_of_date()) }} as days_ago
    from events
    where
        source_table = 'email_clickers'
        and client_shortname is not null
        and event_type in ('email_send', 'email_open', 'email_click', 'email_unsubscribe')
),

-- Days before a moment: below 0 is what came after it and may reach no score.
placed as (
    select
        mails.*,
        moments.horizons_back,
        moments.horizon_days,
        mails.days_ago - moments.horizon_days * moments.horizons_back as days_before
    from mails
    inner join moments
        on mails.days_ago >= moments.horizon_days * (moments.horizons_back - 1)
),

summed_by_client as (
    select
        voter_number,
        client_shortname,
        horizons_back,
        horizon_days,
        cast(coalesce(sum(case when days_before >= 0 and event_type = 'email_send' then quantity end), 0) as bigint)
            as sends,
        cast(coalesce(sum(
            case when days_before >= 0 and event_type = 'email_open' and is_human then quantity end
        ), 0) as bigint) as opens,
        cast(coalesce(sum(
            case when days_before >= 0 and event_type = 'email_click' and is_human then quantity end
        ), 0) as bigint) as clicks,
        cast(coalesce(sum(
            case when days_before >= 0 and event_type = 'email_unsubscribe' then quantity end
        ), 0) as bigint) as unsubs,
        min(
            case when days_before >= 0 and event_type in ('email_open', 'email_click') and is_human then days_before end
        ) as days_since_last_act,
        max(case when days_before < 0 and event_type = 'email_send' then 1 else 0 end) as is_mailed_after,
        max(case when days_before < 0 and event_type = 'email_click' and is_human then 1 else 0 end) as is_positive
    from placed
    group by voter_number, client_shortname, horizons_back, horizon_days
),

-- A client's mail to a voter: judged where the client wrote before the moment and after it. The prior of the rates is
-- today's; it is the same for everybody and orders nobody.
scored_clients as (
    select
        evaluated_scores.score,
        evaluated_scores.outcome,
        evaluated_scores.population,
        summed_by_client.horizons_back,
        summed_by_client.horizon_days,
        case evaluated_scores.score
            when 'affinity_score_adjusted' then {{ adjusted_affinity_score('summed_by_client') }}
            when 'brief_rule'
                then {{ affinity_score(
                    'summed_by_client.clicks', 'summed_by_client.opens', 'summed_by_client.unsubs',
                    'summed_by_client.sends'
                ) }}
            when 'recency_only'
                then -coalesce(
                    summed_by_client.days_since_last_act, {{ rule_value('score_rules', 'longest_pause') }}
                )
            when 'count_only' then summed_by_client.clicks
            when 'random' then 0
        end as value,
        cast(1 as bigint) as people,
        cast(summed_by_client.is_positive as bigint) as positives
    from summed_by_client
    inner join evaluated_scores
        on evaluated_scores.outcome = 'click'
    cross join {{ affinity_weights() }} as weights
    -- Data without a single send has no prior.
    left join {{ affinity_priors() }} as priors
        on true
    where
        summed_by_client.sends > 0
        and summed_by_client.is_mailed_after = 1
),

-- A message at an hour: judged where the voter's earlier mail says something about hours.
scored_sends as (
    select
        evaluated_scores.score,
        evaluated_scores.outcome,
        evaluated_scores.population,
        send_trials.horizons_back,
        send_trials.horizon_days,
        case evaluated_scores.score
            when 'send_time' then send_trials.own_index
            when 'brief_rule' then case when send_trials.is_most_clicked then 1 else 0 end
            when 'recency_only'
                then -coalesce(send_trials.days_since_response, {{ rule_value('score_rules', 'longest_pause') }})
            when 'count_only' then {{ share('send_trials.clicked_sends', 'send_trials.all_clicked_sends') }}
            when 'random' then 0
        end as value,
        send_trials.sends_after as people,
        send_trials.engaged_sends_after as positives
    from send_trials
    inner join evaluated_scores
        on evaluated_scores.outcome = 'engagement'
    where send_trials.sends_after > 0
),

united as (
    select * from scored_clients
    union all
    select * from scored_sends
),

counted_by_value as (
    select
        score,
        outcome,
        population,
        horizons_back,
        horizon_days,
        cast(value as double) as value,
        cast(sum(people) as bigint) as people,
        cast(sum(positives) as bigint) as positives,
        '{{ invocation_id }}' as build_id
    from united
    where value is not null
    group by score, outcome, population, horizons_back, horizon_days, value
)

select * from counted_by_value
