with email_events as (
    select * from {{ ref('fct_email_events') }}
),

campaigns as (
    select * from {{ ref('stg_outreach__campaigns') }}
),

clicked_campaigns as (
    select * from {{ ref('agg_clicks_by_campaign') }}
),

summed_by_mailing as (
    select
        email_key,
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
        count(case when is_answer and is_machine then 1 end) as machine_answers
    from email_events
    where campaign_id is not null
    group by email_key, campaign_id
),

summed_by_campaign as (
    select
        campaign_id,
        count(*) as unique_contacts,
        cast(sum(total_events) as bigint) as total_events,
        cast(sum(sends) as bigint) as sends,
        cast(sum(opens) as bigint) as opens,
        cast(sum(clicks) as bigint) as clicks,
        cast(sum(bounces) as bigint) as bounces,
        cast(sum(complaints) as bigint) as complaints,
        cast(sum(unsubs) as bigint) as unsubs,
        {{ delivered_mailings() }} as unique_delivered,
        {{ opened_mailings() }} as unique_opens,
        {{ clicked_mailings() }} as unique_clicks,
        cast(sum(answers) as bigint) as answers,
        cast(sum(machine_answers) as bigint) as machine_answers
    from summed_by_mailing
    group by campaign_id
),

described as (
    select
        summed_by_campaign.*,
        campaigns.campaign_name,
        coalesce(campaigns.client_shortname, clicked_campaigns.client_shortname) as client_shortname,
        campaigns.channel,
        campaigns.start_date
    from summed_by_campaign
    -- A campaign may be missing from the campaigns table; then it has no name, and the client of most of its clicks.
    left join campaigns
        on summed_by_campaign.campaign_id = campaigns.campaign_id
    left join clicked_campaigns
        on summed_by_campaign.campaign_id = clicked_campaigns.campaign_id
)

select * from described
