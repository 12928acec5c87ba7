with email_events as (
    select * from {{ ref('fct_email_events') }}
),

voter_addresses as (
    select * from {{ ref('lnk_voter_address') }}
),

voter_numbers as (
    select * from {{ ref('key_voters') }}
),

moment as (
    select {{ add_days(as_of_date(), '-' ~ rule_value('score_rules', 'gift_horizon')) }} as moment_date
    from (select 1) as one_row
),

counted as (
    select
        voter_numbers.voter_number,
        email_events.client_shortname,
        count(*) as engagements
    from voter_addresses
    inner join email_events
        on voter_addresses.email_key = email_events.email_key
    inner join moment
        on cast(email_events.event_at as date) <= moment.moment_date
    inner join voter_numbers
        on
            voter_addresses.state = voter_numbers.state
            and voter_addresses.svid = voter_numbers.svid
    where
        email_events.is_engagement
        and email_events.client_shortname is not null
    group by voter_numbers.voter_number, email_events.client_shortname
),

shared as (
    select
        *,
        {{ share('engagements', 'sum(engagements) over (partition by voter_number)') }} as share,
        dense_rank() over (order by client_shortname) as trait_number
    from counted
)

select * from shared
