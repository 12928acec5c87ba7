with counted as (
    select
        'person' as source_table,
        count(*) as rows_in
    from {{ source('voterfile', 'person') }}
    union all
    select
        'person_custom_field' as source_table,
        count(*) as rows_in
    from {{ source('voterfile', 'person_custom_field') }}
    union all
    select
        'custom_field' as source_table,
        count(*) as rows_in
    from {{ source('voterfile', 'custom_field') }}
    union all
    select
        'list_link_phone_email_map' as source_table,
        count(*) as rows_in
    from {{ source('outreach', 'list_link_phone_email_map') }}
    union all
    select
        'email_clickers' as source_table,
        count(*) as rows_in
    from {{ source('outreach', 'email_clickers') }}
    union all
    select
        'campaigns' as source_table,
        count(*) as rows_in
    from {{ source('outreach', 'campaigns') }}
    union all
    select
        'donations' as source_table,
        count(*) as rows_in
    from {{ source('giving', 'donations') }}
    union all
    select
        'suppressions' as source_table,
        count(*) as rows_in
    from {{ source('rights', 'suppressions') }}
    having count(*) > 0
    union all
    select
        'dns_records' as source_table,
        count(*) as rows_in
    from {{ source('deliverability', 'dns_records') }}
    having count(*) > 0
    union all
    select
        'erasure_requests' as source_table,
        count(*) as rows_in
    from {{ source('rights', 'erasure_requests') }}
    having count(*) > 0
    union all
    select
        'email_openers' as source_table,
        count(*) as rows_in
    from {{ source('channels', 'email_openers') }}
    having count(*) > 0
    union all
    select
        'sms_responses' as source_table,
        count(*) as rows_in
    from {{ source('channels', 'sms_responses') }}
    having count(*) > 0
    union all
    select
        'phone_contacts' as source_table,
        count(*) as rows_in
    from {{ source('channels', 'phone_contacts') }}
    having count(*) > 0
    union all
    select
        'survey_responses' as source_table,
        count(*) as rows_in
    from {{ source('channels', 'survey_responses') }}
    having count(*) > 0
    union all
    select
        'event_attendance' as source_table,
        count(*) as rows_in
    from {{ source('channels', 'event_attendance') }}
    having count(*) > 0
    union all
    select
        'petition_signers' as source_table,
        count(*) as rows_in
    from {{ source('channels', 'petition_signers') }}
    having count(*) > 0
    union all
    select
        'web_visits' as source_table,
        count(*) as rows_in
    from {{ source('channels', 'web_visits') }}
    having count(*) > 0
    union all
    select
        'behavior_events' as source_table,
        count(*) as rows_in
    from {{ source('channels', 'behavior_events') }}
    having count(*) > 0
)

select * from counted
