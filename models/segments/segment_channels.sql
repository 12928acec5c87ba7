{{ config(parameters=['svids']) }}

with enriched_profiles as (
    select * from {{ ref('enriched_profiles') }}
),

engagement_scores as (
    select * from {{ ref('engagement_scores') }}
),

channel_engagement as (
    select * from {{ ref('channel_engagement') }}
),

requested as (
    {{ requested_voters() }}
),

-- One row per voter. A channel without events of the voter has no figures.
laid_out as (
    select
        channels.voter_number,
        max(case when channels.is_preferred then channels.channel end) as preferred_channel,
        max(case when channels.channel = 'email' then channels.exposures end) as email_exposures,
        max(case when channels.channel = 'email' then channels.responses end) as email_responses,
        max(case when channels.channel = 'email' then channels.response_rate end) as email_response_rate,
        max(case when channels.channel = 'email' then channels.response_rate_adjusted end)
            as email_response_rate_adjusted,
        max(case when channels.channel = 'sms' then channels.exposures end) as sms_exposures,
        max(case when channels.channel = 'sms' then channels.responses end) as sms_responses,
        max(case when channels.channel = 'sms' then channels.response_rate end) as sms_response_rate,
        max(case when channels.channel = 'sms' then channels.response_rate_adjusted end)
            as sms_response_rate_adjusted,
        max(case when channels.channel = 'phone' then channels.exposures end) as phone_exposures,
        max(case when channels.channel = 'phone' then channels.responses end) as phone_responses,
        max(case when channels.channel = 'phone' then channels.response_rate end) as phone_response_rate,
        max(case when channels.channel = 'phone' then channels.response_rate_adjusted end)
            as phone_response_rate_adjusted,
        max(case when channels.channel = 'web' then channels.activities end) as web_activities,
        max(case when channels.channel = 'survey' then channels.activities end) as survey_activities,
        max(case when channels.channel = 'event' then channels.activities end) as event_activities,
        max(case when channels.channel = 'petition' then channels.activities end) as petition_activities
    from requested
    inner join channel_engagement as channels
        on requested.voter_number = channels.voter_number
    group by channels.voter_number
),

-- Each requested id once, known or unknown (F03).
answered as (
    select
        requested.requested_svid,
        enriched_profiles.state,
        enriched_profiles.svid,
        enriched_profiles.person_id,
        coalesce(enriched_profiles.link_status, requested.request_status) as link_status,
        engagement_scores.multi_channel_score,
        laid_out.preferred_channel,
        laid_out.email_exposures,
        laid_out.email_responses,
        laid_out.email_response_rate,
        laid_out.email_response_rate_adjusted,
        laid_out.sms_exposures,
        laid_out.sms_responses,
        laid_out.sms_response_rate,
        laid_out.sms_response_rate_adjusted,
        laid_out.phone_exposures,
        laid_out.phone_responses,
        laid_out.phone_response_rate,
        laid_out.phone_response_rate_adjusted,
        laid_out.web_activities,
        laid_out.survey_activities,
        laid_out.event_activities,
        laid_out.petition_activities
    from requested
    -- Unknown and ambiguous ids are in no mart, and many voters have no channel.
    left join enriched_profiles
        on requested.voter_number = enriched_profiles.voter_number
    left join engagement_scores
        on requested.voter_number = engagement_scores.voter_number
    left join laid_out
        on requested.voter_number = laid_out.voter_number
)

select * from answered
order by requested_svid
