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
        client_shortname,
        campaign_id,
        count(*) as total_events,
        cast(sum(sends) as bigint) as sends,
        cast(sum(opens) as bigint) as opens,
        cast(sum(clicks) as bigint) as clicks,
        cast(sum(bounces) as bigint) as bounces,
        cast(sum(complaints) as bigint) as complaints,
        cast(sum(unsubs) as bigint) as unsubs,
        count(case when is_engagement then 1 end) as engagements,
        count(case when is_answer then 1 end) as answers,
        count(case when is_answer and is_machine then 1 end) as machine_answers,
        max(case when is_opt_out then 1 else 0 end) as opted_out
    from email_events
    where client_shortname is not null
    group by email_key, client_shortname, campaign_id
),

summed_by_client as (
    select
        email_key,
        client_shortname,
        cast(sum(total_events) as bigint) as total_events,
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
        cast(sum(machine_answers) as bigint) as machine_answers,
        max(opted_out) = 1 as has_opted_out
    from summed_by_mailing
    group by email_key, client_shortname
),

numbered as (
    select
        address_numbers.address_number,
        summed_by_client.client_shortname,
        summed_by_client.total_events,
        summed_by_client.sends,
        summed_by_client.opens,
        summed_by_client.clicks,
        summed_by_client.bounces,
        summed_by_client.complaints,
        summed_by_client.unsubs,
        summed_by_client.engagements,
        summed_by_client.unique_delivered,
        summed_by_client.unique_opens,
        summed_by_client.unique_clicks,
        summed_by_client.answers,
        summed_by_client.machine_answers,
        summed_by_client.has_opted_out
    from summed_by_client
    inner join address_numbers
        on summed_by_client.email_key = address_numbers.email_key
)

select * from numbered
