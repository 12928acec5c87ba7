with email_events as (
    select * from {{ ref('fct_email_events') }}
),

address_numbers as (
    select * from {{ ref('key_addresses') }}
),

-- One campaign to one address is a mailing, whatever came of it; events without a campaign are of none.
summed_by_mailing as (
    select
        email_key,
        week_start,
        campaign_id,
        cast(sum(sends) as bigint) as sends,
        cast(sum(opens) as bigint) as opens,
        cast(sum(clicks) as bigint) as clicks,
        cast(sum(bounces) as bigint) as bounces,
        cast(sum(complaints) as bigint) as complaints,
        cast(sum(unsubs) as bigint) as unsubs,
        count(case when is_engagement then 1 end) as engagements,
        count(case when is_answer then 1 end) as answers,
        count(case when is_answer and is_machine then 1 end) as machine_answers
    from email_events
    group by email_key, week_start, campaign_id
),

summed_by_week as (
    select
        email_key,
        week_start,
        cast(sum(sends) as bigint) as sends,
        cast(sum(opens) as bigint) as opens,
        cast(sum(clicks) as bigint) as clicks,
        cast(sum(bounces) as bigint) as bounces,
        cast(sum(complaints) as bigint) as complaints,
        cast(sum(unsubs) as bigint) as unsubs,
        cast(sum(engagements) as bigint) as engagements,
        {{ delivered_mailings() }} as unique_delivered,
        {{ opened_mailings() }} as unique_opens,
        {{ clicked_mailings() }} as unique_clicks,
        cast(sum(answers) as bigint) as answers,
        cast(sum(machine_answers) as bigint) as machine_answers
    from summed_by_mailing
    group by email_key, week_start
),

numbered as (
    select
        address_numbers.address_number,
        summed_by_week.week_start,
        summed_by_week.sends,
        summed_by_week.opens,
        summed_by_week.clicks,
        summed_by_week.bounces,
        summed_by_week.complaints,
        summed_by_week.unsubs,
        summed_by_week.engagements,
        summed_by_week.unique_delivered,
        summed_by_week.unique_opens,
        summed_by_week.unique_clicks,
        summed_by_week.answers,
        summed_by_week.machine_answers
    from summed_by_week
    inner join address_numbers
        on summed_by_week.email_key = address_numbers.email_key
)

select * from numbered
order by address_number, week_start
