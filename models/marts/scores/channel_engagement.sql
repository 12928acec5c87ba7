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

-- The population's rates count each event once (F05); more answers than messages are held at these.
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
        sum(successes * successes / trials) - sum(successes) * sum(successes) / sum(trials) as sum_of_squares
    from trials_of_channel
    group by channel
),

-- Rounded: sums of fractions differ in their last digits with the order in which they are added.
fitted as (
    select
        channel,
        mean,
        round({{ intra_class_correlation('people', 'trials', 'squared_trials', 'mean', 'sum_of_squares') }}, 9) as rho
    from pooled
),

listed as (
    select
        voter_numbers.state,
        voter_numbers.svid,
        behavior.voter_number,
        behavior.channel,
        behavior.exposures,
        behavior.responses,
        behavior.activities,
        case
            when behavior.channel = 'email' then contact_permissions.may_email
            when behavior.channel in ('sms', 'phone') then contact_permissions.may_phone
            else contact_permissions.contact_blocked_by is null
        end as may_be_used,
        fitted.mean,
        case
            when behavior.exposures > 0
                then {{ shrunk_rate('behavior.responses', 'behavior.exposures', 'fitted.mean', 'fitted.rho') }}
        end as adjusted
    from behavior
    inner join voter_numbers
        on behavior.voter_number = voter_numbers.voter_number
    inner join contact_permissions
        on behavior.voter_number = contact_permissions.voter_number
    -- A channel on which nobody is reached has no rate.
    left join fitted
        on behavior.channel = fitted.channel
    where
        behavior.exposures > 0
        or behavior.responses > 0
        or behavior.activities > 0
),

-- Who answers nothing scores nothing on a channel, however few messages that may be by chance.
rated as (
    select
        listed.state,
        listed.svid,
        listed.voter_number,
        listed.channel,
        listed.exposures,
        listed.responses,
        listed.activities,
        listed.may_be_used,
        {{ response_rate('listed.responses', 'listed.exposures') }} as response_rate,
        round(100 * listed.adjusted, 2) as response_rate_adjusted,
        round(100 * listed.mean, 2) as channel_response_rate,
        round(
            case
                when listed.exposures = 0
                    then {{ half_saturated('listed.activities', 'channel_weights.half_activities') }}
                when listed.responses = 0 or listed.mean = 0 then 0
                else {{ half_saturated('listed.adjusted / listed.mean', 'channel_weights.half_rate_multiple') }}
            end, 4
        ) as channel_strength
    from listed
    inner join channel_weights
        on listed.channel = channel_weights.channel
),

-- Whoever must not be reached on a channel prefers another. One on which somebody has answered comes before any on
-- which they have not, whatever others do there.
ranked as (
    select
        state,
        svid,
        channel,
        row_number() over (
            partition by state, svid
            order by
                case when responses > 0 then 0 else 1 end asc,
                response_rate_adjusted desc,
                exposures desc,
                channel asc
        ) as preference_rank
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
        rated.response_rate,
        rated.response_rate_adjusted,
        rated.channel_response_rate,
        rated.channel_strength,
        ranked.preference_rank,
        coalesce(ranked.preference_rank = 1 and rated.responses > 0, false) as is_preferred,
        rated.voter_number,
        '{{ invocation_id }}' as build_id
    from rated
    -- Without an exposure there is no rate to rank by, and without permission no rank.
    left join ranked
        on
            rated.state = ranked.state
            and rated.svid = ranked.svid
            and rated.channel = ranked.channel
)

select * from preferred
