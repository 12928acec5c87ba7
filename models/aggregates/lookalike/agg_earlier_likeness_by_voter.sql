with email_events as (
    select * from {{ ref('fct_email_events') }}
),

voter_addresses as (
    select * from {{ ref('lnk_voter_address') }}
),

donation_voters as (
    select * from {{ ref('fct_donation_voters') }}
),

voter_numbers as (
    select * from {{ ref('key_voters') }}
),

moment as (
    select {{ add_days(as_of_date(), '-' ~ rule_value('score_rules', 'gift_horizon')) }} as moment_date
    from (select 1) as one_row
),

-- An address with several voters counts in full for each of them, as in agg_engagement_by_voter.
engaged as (
    select
        voter_addresses.state,
        voter_addresses.svid,
        moment.moment_date,
        cast(sum(case
            when cast(email_events.event_at as date) <= moment.moment_date then email_events.sends else 0
        end) as bigint) as sends,
        cast(sum(case
            when cast(email_events.event_at as date) <= moment.moment_date then email_events.clicks else 0
        end) as bigint) as clicks,
        count(case
            when email_events.is_engagement and cast(email_events.event_at as date) <= moment.moment_date then 1
        end) as engagements,
        count(case
            when email_events.is_engagement and cast(email_events.event_at as date) > moment.moment_date then 1
        end) as later_engagements,
        min(case when email_events.is_engagement then cast(email_events.event_at as date) end) as first_engagement_date,
        max(case
            when email_events.is_engagement and cast(email_events.event_at as date) <= moment.moment_date
                then cast(email_events.event_at as date)
        end) as last_engagement_date
    from voter_addresses
    inner join email_events
        on voter_addresses.email_key = email_events.email_key
    cross join moment
    group by voter_addresses.state, voter_addresses.svid, moment.moment_date
),

-- A gift that may not serve to solicit does not decide whom to ask.
gave as (
    select
        donation_voters.state,
        donation_voters.svid,
        count(case when cast(donation_voters.donated_at as date) <= moment.moment_date then 1 end) as past_donations,
        count(case when cast(donation_voters.donated_at as date) > moment.moment_date then 1 end) as later_gifts,
        cast(min(donation_voters.donated_at) as date) as first_gift_date,
        max(case
            when cast(donation_voters.donated_at as date) <= moment.moment_date
                then cast(donation_voters.donated_at as date)
        end) as last_gift_date
    from donation_voters
    cross join moment
    where
        donation_voters.is_gift
        and donation_voters.is_solicit_permitted
    group by donation_voters.state, donation_voters.svid
),

measured as (
    select
        voter_numbers.voter_number,
        engaged.engagements,
        {{ days_between('engaged.last_engagement_date', 'engaged.moment_date') }} as days_since_last_engagement,
        {{ days_between('engaged.first_engagement_date', 'engaged.moment_date') }} as days_since_first_engagement,
        {{ click_rate('engaged.clicks', 'engaged.sends') }} as click_rate,
        coalesce(gave.past_donations, 0) as past_donations,
        {{ days_between('gave.last_gift_date', 'engaged.moment_date') }} as days_since_last_donation,
        case when gave.past_donations > 0 then {{ days_between('gave.first_gift_date', 'engaged.moment_date') }} end
            as days_since_first_donation,
        engaged.later_engagements + coalesce(gave.later_gifts, 0) as later_acts,
        coalesce(gave.later_gifts, 0) as later_gifts
    from engaged
    inner join voter_numbers
        on
            engaged.state = voter_numbers.state
            and engaged.svid = voter_numbers.svid
    -- Most people never gave.
    left join gave
        on
            engaged.state = gave.state
            and engaged.svid = gave.svid
    where engaged.engagements > 0
)

select * from measured
