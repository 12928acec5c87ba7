with events as (
    select * from {{ ref('fct_voter_events') }}
),

voter_donations as (
    select * from {{ ref('fct_donation_voters') }}
),

voter_numbers as (
    select * from {{ ref('key_voters') }}
),

audited_scores as (
    select * from {{ ref('audited_scores') }}
),

-- Days are counted back from the earlier day of donor propensity; that day itself was known.
dated_events as (
    select
        events.voter_number,
        events.event_type,
        events.campaign_id,
        events.quantity,
        {{ days_between('events.occurred_at', as_of_date()) }} - audited_scores.outcome_days as days_before
    from events
    inner join audited_scores
        on audited_scores.score = 'donor_propensity_score'
    where events.event_type in ('email_click', 'email_open')
),

summed_events as (
    select
        voter_number,
        cast(coalesce(sum(case when days_before >= 0 and event_type = 'email_click' then quantity end), 0) as bigint)
            as past_clicks,
        count(distinct case when days_before >= 0 and event_type in ('email_click', 'email_open') then campaign_id end)
            as past_campaigns,
        min(case when days_before >= 0 and event_type = 'email_click' then days_before end)
            as past_days_since_last_click
    from dated_events
    group by voter_number
),

dated_gifts as (
    select
        voter_numbers.voter_number,
        voter_donations.is_solicit_permitted,
        {{ days_between('voter_donations.donated_at', as_of_date()) }} - audited_scores.outcome_days as days_before
    from voter_donations
    inner join voter_numbers
        on
            voter_donations.state = voter_numbers.state
            and voter_donations.svid = voter_numbers.svid
    inner join audited_scores
        on audited_scores.score = 'donor_propensity_score'
    where voter_donations.is_gift
),

-- The score did not know gifts that may not serve to solicit; as an outcome each gift counts.
summed_gifts as (
    select
        voter_number,
        count(case when days_before >= 0 and is_solicit_permitted then 1 end) as past_gifts,
        max(case when days_before < 0 then 1 else 0 end) = 1 as has_given_since
    from dated_gifts
    group by voter_number
),

summed_by_voter as (
    select
        coalesce(summed_events.voter_number, summed_gifts.voter_number) as voter_number,
        coalesce(summed_gifts.past_gifts, 0) as past_gifts,
        coalesce(summed_events.past_clicks, 0) as past_clicks,
        coalesce(summed_events.past_campaigns, 0) as past_campaigns,
        summed_events.past_days_since_last_click,
        coalesce(summed_gifts.has_given_since, false) as has_given_since
    from summed_events
    full outer join summed_gifts
        on summed_events.voter_number = summed_gifts.voter_number
)

select * from summed_by_voter
