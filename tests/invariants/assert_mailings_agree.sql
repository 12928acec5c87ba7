-- A mailing is in one row of campaign_engagement. A mailing of several weeks is in a row of each, so that the sums over
-- weeks are no smaller. An answer is in one row everywhere; one without a campaign or client is left out where rows are
-- of campaigns or clients.
with counted as (
    select
        count(distinct case when opens > 0 or clicks > 0 then email_key || '/' || campaign_id end) as unique_opens,
        count(distinct case when clicks > 0 then email_key || '/' || campaign_id end) as unique_clicks,
        count(case when is_answer then 1 end) as answers,
        count(case when is_answer and is_machine then 1 end) as machine_answers,
        count(case when is_answer and campaign_id is not null then 1 end) as campaign_answers,
        count(case when is_answer and client_shortname is not null then 1 end) as client_answers
    from {{ ref('fct_email_events') }}
),

campaigns as (
    select
        coalesce(sum(unique_opens), 0) as unique_opens,
        coalesce(sum(unique_clicks), 0) as unique_clicks,
        coalesce(sum(unique_delivered), 0) as unique_delivered,
        coalesce(sum(answers), 0) as answers
    from {{ ref('campaign_engagement') }}
),

weeks as (
    select
        coalesce(sum(unique_opens), 0) as unique_opens,
        coalesce(sum(unique_clicks), 0) as unique_clicks,
        coalesce(sum(unique_delivered), 0) as unique_delivered,
        coalesce(sum(answers), 0) as answers,
        coalesce(sum(machine_answers), 0) as machine_answers
    from {{ ref('engagement_health_weekly') }}
),

clients as (
    select coalesce(sum(answers), 0) as answers
    from {{ ref('client_affinity') }}
)

select
    counted.*,
    campaigns.unique_opens as opens_of_campaigns,
    weeks.unique_opens as opens_of_weeks,
    clients.answers as answers_of_clients
from counted
cross join campaigns
cross join weeks
cross join clients
where
    campaigns.unique_opens <> counted.unique_opens
    or campaigns.unique_clicks <> counted.unique_clicks
    or campaigns.answers <> counted.campaign_answers
    or weeks.unique_opens < counted.unique_opens
    or weeks.unique_clicks < counted.unique_clicks
    or weeks.answers <> counted.answers
    or weeks.machine_answers <> counted.machine_answers
    or clients.answers <> counted.client_answers
    or campaigns.unique_delivered < campaigns.unique_opens
    or weeks.unique_delivered < weeks.unique_opens
