with email_openers as (
    select * from {{ ref('base_channels__email_openers') }}
    where not {{ is_expired('email_openers') }}
),

sms_responses as (
    select * from {{ ref('base_channels__sms_responses') }}
    where not {{ is_expired('sms_responses') }}
),

phone_contacts as (
    select * from {{ ref('base_channels__phone_contacts') }}
    where not {{ is_expired('phone_contacts') }}
),

survey_responses as (
    select * from {{ ref('base_channels__survey_responses') }}
    where not {{ is_expired('survey_responses') }}
),

event_attendance as (
    select * from {{ ref('base_channels__event_attendance') }}
    where not {{ is_expired('event_attendance') }}
),

petition_signers as (
    select * from {{ ref('base_channels__petition_signers') }}
    where not {{ is_expired('petition_signers') }}
),

web_visits as (
    select * from {{ ref('base_channels__web_visits') }}
    where not {{ is_expired('web_visits') }}
),

behavior_events as (
    select * from {{ ref('base_channels__behavior_events') }}
    where not {{ is_expired('behavior_events') }}
),

-- A row about a text message or a call may hold several events of one moment.
parts as (
    select {{ numbers_up_to(3) }} as part
),

-- A row without any flag says only that there was a message.
sms_parts as (
    select
        sms_responses.*,
        case parts.part
            when 0
                then case
                    when sms_responses.sends > 0 then 'sms_send'
                    when
                        coalesce(
                            sms_responses.sends, sms_responses.replies, sms_responses.clicks, sms_responses.opt_outs
                        ) is null
                        then 'text_interaction'
                end
            when 1 then case when sms_responses.replies > 0 then 'sms_reply' end
            when 2 then case when sms_responses.clicks > 0 then 'sms_click' end
            when 3 then case when sms_responses.opt_outs > 0 then 'sms_opt_out' end
        end as event_type,
        case parts.part
            when 0 then coalesce(sms_responses.sends, 1)
            when 1 then sms_responses.replies
            when 2 then sms_responses.clicks
            when 3 then sms_responses.opt_outs
        end as quantity,
        case parts.part
            when 0 then true
            when 1 then coalesce(sms_responses.sends, 0) = 0
            when 2 then coalesce(sms_responses.sends, 0) = 0 and coalesce(sms_responses.replies, 0) = 0
            when 3
                then
                    coalesce(sms_responses.sends, 0) = 0
                    and coalesce(sms_responses.replies, 0) = 0
                    and coalesce(sms_responses.clicks, 0) = 0
        end as is_first_of_row
    from sms_responses
    cross join parts
),

-- Every call is an attempt; its outcome is a second event, so that the denominator of a rate is all calls.
phone_parts as (
    select
        phone_contacts.*,
        case
            when parts.part = 0 then 'call_attempt'
            when phone_contacts.disposition = 'answered' then 'call_answered'
            when phone_contacts.disposition = 'refused' then 'call_refused'
        end as event_type,
        -- An attempt takes none of the person's time.
        case when parts.part = 1 then phone_contacts.duration_seconds end as talk_seconds,
        parts.part = 0 as is_first_of_row
    from phone_contacts
    inner join parts
        on parts.part <= 1
),

united as (
    select
        'email_openers' as source_table,
        event_id,
        email_key,
        phone_key,
        occurred_at,
        'email_open' as event_type,
        campaign_id,
        client_shortname,
        is_bot,
        source_file,
        source_row_number,
        rejection_reason
    from email_openers
    {{ union_all_by_name() }}
    select
        'sms_responses' as source_table,
        event_id,
        email_key,
        phone_key,
        occurred_at,
        event_type,
        campaign_id,
        client_shortname,
        quantity,
        sends,
        replies,
        clicks,
        opt_outs,
        is_first_of_row,
        source_file,
        source_row_number,
        rejection_reason
    from sms_parts
    {{ union_all_by_name() }}
    select
        'phone_contacts' as source_table,
        event_id,
        email_key,
        phone_key,
        occurred_at,
        event_type,
        campaign_id,
        client_shortname,
        talk_seconds as duration_seconds,
        disposition as outcome,
        duration_seconds as call_seconds,
        is_first_of_row,
        source_file,
        source_row_number,
        rejection_reason
    from phone_parts
    {{ union_all_by_name() }}
    select
        'survey_responses' as source_table,
        event_id,
        email_key,
        phone_key,
        occurred_at,
        'survey_response' as event_type,
        campaign_id,
        client_shortname,
        survey_id as subject,
        topic,
        duration_seconds,
        source_file,
        source_row_number,
        rejection_reason
    from survey_responses
    {{ union_all_by_name() }}
    select
        'event_attendance' as source_table,
        event_id,
        email_key,
        phone_key,
        occurred_at,
        case status
            when 'invited' then 'event_invitation'
            when 'registered' then 'event_registration'
            when 'attended' then 'event_attended'
            when 'no_show' then 'event_no_show'
        end as event_type,
        client_shortname,
        status as outcome,
        gathering_id as subject,
        topic,
        source_file,
        source_row_number,
        rejection_reason
    from event_attendance
    {{ union_all_by_name() }}
    select
        'petition_signers' as source_table,
        event_id,
        email_key,
        phone_key,
        occurred_at,
        'petition_signed' as event_type,
        campaign_id,
        client_shortname,
        petition_id as subject,
        topic,
        source_file,
        source_row_number,
        rejection_reason
    from petition_signers
    {{ union_all_by_name() }}
    select
        'web_visits' as source_table,
        event_id,
        email_key,
        phone_key,
        occurred_at,
        'page_visit' as event_type,
        session_id as given_session_id,
        page_path as subject,
        topic,
        duration_seconds,
        ended_at,
        scroll_depth as depth,
        source_file,
        source_row_number,
        rejection_reason
    from web_visits
    {{ union_all_by_name() }}
    select
        'behavior_events' as source_table,
        event_id,
        email_key,
        phone_key,
        occurred_at,
        svid_state,
        svid,
        given_local_at,
        event_type,
        session_id as given_session_id,
        topic,
        duration_seconds,
        depth,
        value,
        details_key,
        source_file,
        source_row_number,
        rejection_reason
    from behavior_events
),

accepted as (
    select
        source_table,
        event_id,
        coalesce(event_id, {{ surrogate_key([
            'source_table', 'email_key', 'phone_key', 'svid_state', 'svid', 'occurred_at', 'given_local_at',
            "case when source_table = 'behavior_events' then event_type end", 'given_session_id', 'ended_at', 'subject',
            'sends', 'replies', 'clicks', 'opt_outs', 'outcome', 'topic',
            "case when source_table = 'phone_contacts' then call_seconds else duration_seconds end", 'depth',
            'campaign_id', 'client_shortname', 'is_bot', 'value', 'details_key',
        ]) }}) as row_key,
        email_key,
        phone_key,
        svid_state,
        svid,
        occurred_at,
        given_local_at,
        event_type,
        given_session_id,
        ended_at,
        campaign_id,
        client_shortname,
        subject,
        outcome,
        topic,
        duration_seconds,
        call_seconds,
        depth,
        sends,
        replies,
        clicks,
        opt_outs,
        cast(coalesce(quantity, 1) as bigint) as quantity,
        value,
        coalesce(is_bot, false) as is_bot,
        details_key,
        coalesce(is_first_of_row, true) as is_first_of_row,
        source_file,
        source_row_number
    from united
    where
        rejection_reason is null
        and event_type is not null
        and not {{ is_future('occurred_at') }}
)

select * from accepted
