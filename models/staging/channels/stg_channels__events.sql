with email_openers as (
    select * from {{ ref('base_channels__email_openers') }}
),

sms_responses as (
    select * from {{ ref('base_channels__sms_responses') }}
),

phone_contacts as (
    select * from {{ ref('base_channels__phone_contacts') }}
),

survey_responses as (
    select * from {{ ref('base_channels__survey_responses') }}
),

event_attendance as (
    select * from {{ ref('base_channels__event_attendance') }}
),

petition_signers as (
    select * from {{ ref('base_channels__petition_signers') }}
),

web_visits as (
    select * from {{ ref('base_channels__web_visits') }}
),

behavior_events as (
    select * from {{ ref('base_channels__behavior_events') }}
),

-- A row about a text message or a call may tell of several events at one moment.
parts as (
    select 1 as part
    union all
    select 2 as part
    union all
    select 3 as part
    union all
    select 4 as part
),

-- A row without any flag tells that there was a message, and no more.
sms_parts as (
    select
        sms_responses.email_key,
        sms_responses.phone_key,
        sms_responses.occurred_at,
        sms_responses.campaign_id,
        sms_responses.client_shortname,
        sms_responses.event_id,
        case parts.part
            when 1
                then case
                    when sms_responses.sends > 0 then 'sms_send'
                    when
                        coalesce(
                            sms_responses.sends, sms_responses.replies, sms_responses.clicks, sms_responses.opt_outs
                        ) is null
                        then 'text_interaction'
                end
            when 2 then case when sms_responses.replies > 0 then 'sms_reply' end
            when 3 then case when sms_responses.clicks > 0 then 'sms_click' end
            when 4 then case when sms_responses.opt_outs > 0 then 'sms_opt_out' end
        end as event_type,
        case parts.part
            when 1 then coalesce(sms_responses.sends, 1)
            when 2 then sms_responses.replies
            when 3 then sms_responses.clicks
            when 4 then sms_responses.opt_outs
        end as quantity,
        case parts.part
            when 1 then true
            when 2 then coalesce(sms_responses.sends, 0) = 0
            when 3 then coalesce(sms_responses.sends, 0) = 0 and coalesce(sms_responses.replies, 0) = 0
            when 4
                then
                    coalesce(sms_responses.sends, 0) = 0
                    and coalesce(sms_responses.replies, 0) = 0
                    and coalesce(sms_responses.clicks, 0) = 0
        end as is_first_of_row,
        sms_responses.rejection_reason
    from sms_responses
    cross join parts
),

-- Every call is an attempt; what came of it is an event of its own, so that rates have all calls below the line.
phone_parts as (
    select
        phone_contacts.email_key,
        phone_contacts.phone_key,
        phone_contacts.occurred_at,
        phone_contacts.campaign_id,
        phone_contacts.client_shortname,
        phone_contacts.event_id,
        case
            when parts.part = 1 then 'call_attempt'
            when phone_contacts.disposition = 'answered' then 'call_answered'
            when phone_contacts.disposition = 'refused' then 'call_refused'
        end as event_type,
        -- The attempt takes no time of the person's.
        case when parts.part = 2 then phone_contacts.duration_seconds end as duration_seconds,
        parts.part = 1 as is_first_of_row,
        phone_contacts.rejection_reason
    from phone_contacts
    inner join parts
        on parts.part <= 2
),

united as (
    select
        'email_openers' as source_table,
        event_id,
        email_key,
        phone_key,
        cast(null as varchar) as svid_state,
        cast(null as varchar) as svid,
        occurred_at,
        cast(null as timestamp) as given_local_at,
        'email_open' as event_type,
        cast(null as varchar) as given_session_id,
        campaign_id,
        client_shortname,
        cast(null as varchar) as subject,
        cast(null as varchar) as topic,
        cast(null as double) as duration_seconds,
        cast(null as double) as depth,
        cast(1 as bigint) as quantity,
        cast(null as double) as value,
        is_bot,
        true as is_first_of_row,
        rejection_reason
    from email_openers
    union all
    select
        'sms_responses' as source_table,
        event_id,
        email_key,
        phone_key,
        cast(null as varchar) as svid_state,
        cast(null as varchar) as svid,
        occurred_at,
        cast(null as timestamp) as given_local_at,
        event_type,
        cast(null as varchar) as given_session_id,
        campaign_id,
        client_shortname,
        cast(null as varchar) as subject,
        cast(null as varchar) as topic,
        cast(null as double) as duration_seconds,
        cast(null as double) as depth,
        quantity,
        cast(null as double) as value,
        false as is_bot,
        is_first_of_row,
        rejection_reason
    from sms_parts
    union all
    select
        'phone_contacts' as source_table,
        event_id,
        email_key,
        phone_key,
        cast(null as varchar) as svid_state,
        cast(null as varchar) as svid,
        occurred_at,
        cast(null as timestamp) as given_local_at,
        event_type,
        cast(null as varchar) as given_session_id,
        campaign_id,
        client_shortname,
        cast(null as varchar) as subject,
        cast(null as varchar) as topic,
        duration_seconds,
        cast(null as double) as depth,
        cast(1 as bigint) as quantity,
        cast(null as double) as value,
        false as is_bot,
        is_first_of_row,
        rejection_reason
    from phone_parts
    union all
    select
        'survey_responses' as source_table,
        event_id,
        email_key,
        phone_key,
        cast(null as varchar) as svid_state,
        cast(null as varchar) as svid,
        occurred_at,
        cast(null as timestamp) as given_local_at,
        'survey_response' as event_type,
        cast(null as varchar) as given_session_id,
        campaign_id,
        client_shortname,
        survey_id as subject,
        topic,
        duration_seconds,
        cast(null as double) as depth,
        cast(1 as bigint) as quantity,
        cast(null as double) as value,
        false as is_bot,
        true as is_first_of_row,
        rejection_reason
    from survey_responses
    union all
    select
        'event_attendance' as source_table,
        event_id,
        email_key,
        phone_key,
        cast(null as varchar) as svid_state,
        cast(null as varchar) as svid,
        occurred_at,
        cast(null as timestamp) as given_local_at,
        case status
            when 'invited' then 'event_invitation'
            when 'registered' then 'event_registration'
            when 'attended' then 'event_attended'
            when 'no_show' then 'event_no_show'
        end as event_type,
        cast(null as varchar) as given_session_id,
        cast(null as varchar) as campaign_id,
        client_shortname,
        gathering_id as subject,
        topic,
        cast(null as double) as duration_seconds,
        cast(null as double) as depth,
        cast(1 as bigint) as quantity,
        cast(null as double) as value,
        false as is_bot,
        true as is_first_of_row,
        rejection_reason
    from event_attendance
    union all
    select
        'petition_signers' as source_table,
        event_id,
        email_key,
        phone_key,
        cast(null as varchar) as svid_state,
        cast(null as varchar) as svid,
        occurred_at,
        cast(null as timestamp) as given_local_at,
        'petition_signed' as event_type,
        cast(null as varchar) as given_session_id,
        campaign_id,
        client_shortname,
        petition_id as subject,
        topic,
        cast(null as double) as duration_seconds,
        cast(null as double) as depth,
        cast(1 as bigint) as quantity,
        cast(null as double) as value,
        false as is_bot,
        true as is_first_of_row,
        rejection_reason
    from petition_signers
    union all
    select
        'web_visits' as source_table,
        event_id,
        email_key,
        phone_key,
        cast(null as varchar) as svid_state,
        cast(null as varchar) as svid,
        occurred_at,
        cast(null as timestamp) as given_local_at,
        'page_visit' as event_type,
        session_id as given_session_id,
        cast(null as varchar) as campaign_id,
        cast(null as varchar) as client_shortname,
        page_path as subject,
        topic,
        duration_seconds,
        scroll_depth as depth,
        cast(1 as bigint) as quantity,
        cast(null as double) as value,
        false as is_bot,
        true as is_first_of_row,
        rejection_reason
    from web_visits
    union all
    select
        'behavior_events' as source_table,
        event_id,
        email_key,
        phone_key,
        svid_state,
        svid,
        occurred_at,
        given_local_at,
        event_type,
        session_id as given_session_id,
        cast(null as varchar) as campaign_id,
        cast(null as varchar) as client_shortname,
        cast(null as varchar) as subject,
        topic,
        duration_seconds,
        depth,
        cast(1 as bigint) as quantity,
        value,
        false as is_bot,
        true as is_first_of_row,
        rejection_reason
    from behavior_events
),

accepted as (
    select
        source_table,
        event_id,
        email_key,
        phone_key,
        svid_state,
        svid,
        occurred_at,
        given_local_at,
        event_type,
        given_session_id,
        campaign_id,
        client_shortname,
        subject,
        topic,
        duration_seconds,
        depth,
        quantity,
        value,
        is_bot,
        is_first_of_row
    from united
    where
        rejection_reason is null
        and event_type is not null
        and not {{ is_future('occurred_at') }}
)

select * from accepted
