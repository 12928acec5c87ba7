with voter_hours as (
    select * from {{ ref('agg_sends_by_voter_hour') }}
),

rules as (
    select * from {{ timing_rules() }} as timing_rules
),

-- Each event once (F05). Mail without a client counts as a client of its own.
summed_by_client as (
    select
        coalesce(voter_hours.client_shortname, '') as client_key,
        sum(voter_hours.sends) as sends,
        sum({{ responses_of('voter_hours', 'rules') }}) as responses
    from voter_hours
    cross join rules
    where voter_hours.is_contact
    group by coalesce(voter_hours.client_shortname, '')
    having sum(voter_hours.sends) > 0
),

totalled as (
    select
        *,
        cast(sum(sends) over () as double) as all_sends,
        cast(sum(responses) over () as double) as all_responses
    from summed_by_client
),

mixed as (
    select
        totalled.*,
        (cast(totalled.responses as double) + rules.client_strength * totalled.all_responses / totalled.all_sends)
        / (cast(totalled.sends as double) + rules.client_strength) as mixed_rate
    from totalled
    cross join rules
),

-- Scaled so that over all mail as many responses are expected as there were.
rated as (
    select
        client_key,
        cast(sends as bigint) as sends,
        mixed_rate * all_responses / nullif(
            cast(sum(cast(cast(sends as double) * mixed_rate as decimal(18, 9))) over () as double), 0
        ) as response_rate
    from mixed
)

select * from rated
