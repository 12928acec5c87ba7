with behavior as (
    select * from {{ ref('agg_behavior_by_voter_channel') }}
),

voter_numbers as (
    select * from {{ ref('key_voters') }}
),

channel_weights as (
    select * from {{ ref('channel_weights') }}
),

contact_permissions as (
    select * from {{ ref('contact_permissions') }}
),

-- The population's rates count each event once (F05). Responses beyond the messages are cut off.
trials_of_channel as (
    select
        channel,
        cast(contact_exposures as double) as trials,
        cast(least(contact_responses, contact_exposures) as double) as successes
    from behavior
    where contact_exposures > 0
),

pooled as (
    select
        channel,
        count(*) as people,
        sum(trials) as trials,
        sum(trials * trials) as squared_trials,
        sum(successes) / sum(trials) as mean,
        {{ exact_sum('successes * successes / trials', 9, 28) }} - sum(successes) * sum(successes) / sum(trials)
            as sum_of_squares
    from trials_of_channel
    group by channel
),

fitted as (
    select
        *,
        {{ intra_class_correlation('people', 'trials', 'squared_trials', 'mean', 'sum_of_squares') }} as rho
    from pooled
),

adjusted as (
    select
        voter_numbers.state,
        voter_numbers.svid,
        behavior.*,
        case
            when behavior.channel = 'email' then contact_permissions.may_email
            when behavior.channel in ('sms', 'phone') then contact_permissions.may_phone
            else contact_permissions.contact_blocked_by is null
        end as may_be_used,
        fitted.mean,
        case
            when behavior.exposures > 0
                then {{ shrunk_rate('behavior.responses', 'behavior.exposures', 'fitted.mean', 'fitted.rho') }}
        end as shrunk
    from behavior
    inner join voter_numbers
        on behavior.voter_number = voter_numbers.voter_number
    inner join contact_permissions
        on behavior.voter_number = contact_permissions.voter_number
    -- A channel that reaches nobody has no rate.
    left join fitted
        on behavior.channel = fitted.channel
    where
        behavior.exposures > 0
        or behavior.responses > 0
        or behavior.activities > 0
),

rated as (
    select
        *,
        round(100 * shrunk, 2) as shrunk_percent
    from adjusted
),

-- Channels that may be used. One with a response comes before any without, whatever the rates of others there.
ranked as (
    select
        *,
        row_number() over (
            partition by state, svid
            order by
                case when responses > 0 then 0 else 1 end asc,
                shrunk_percent desc,
                exposures desc,
                channel asc
        ) as usable_rank
    from rated
    where
        exposures > 0
        and may_be_used
),

preferred as (
    select
        rated.state,
        rated.svid,
        rated.channel,
        rated.exposures,
        rated.responses,
        rated.activities,
        rated.may_be_used,
        {{ response_rate('rated.responses', 'rated.exposures') }} as response_rate,
        rated.shrunk_percent as response_rate_adjusted,
        round(100 * rated.mean, 2) as channel_response_rate,
        -- Without a response the strength is 0, however few the messages were.
        round(
            case
                when rated.exposures = 0
                    then {{ half_saturated('rated.activities', 'channel_weights.half_activities') }}
                when rated.responses = 0 or rated.mean = 0 then 0
                else {{ half_saturated('rated.shrunk / rated.mean', 'channel_weights.half_rate_multiple') }}
            end, 4
        ) as channel_strength,
        ranked.usable_rank as preference_rank,
        coalesce(ranked.usable_rank = 1 and rated.responses > 0, false) as is_preferred,
        rated.voter_number,
        '{{ invocation_id }}' as build_id
    from rated
    inner join channel_weights
        on rated.channel = channel_weights.channel
    -- Without an exposure or without permission there is no rank.
    left join ranked
        on
            rated.state = ranked.state
            and rated.svid = ranked.svid
            and rated.channel = ranked.channel
)

select * from preferred
