with persons as (
    select * from {{ ref('base_voterfile__persons') }}
),

person_custom_fields as (
    select * from {{ ref('base_voterfile__person_custom_fields') }}
),

custom_fields as (
    select * from {{ ref('base_voterfile__custom_fields') }}
),

campaigns as (
    select * from {{ ref('base_outreach__campaigns') }}
),

donations as (
    select * from {{ ref('base_giving__donations') }}
),

suppressions as (
    select * from {{ ref('base_rights__suppressions') }}
),

dns_records as (
    select * from {{ ref('base_deliverability__dns_records') }}
),

erasure_requests as (
    select * from {{ ref('base_rights__erasure_requests') }}
),

email_openers as (
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

rejected as (
    select
        'person' as source_table,
        rejection_reason as reason,
        source_file,
        source_row_number,
        {{ row_as_json('source_row') }} as row_json
    from persons
    where rejection_reason is not null
    union all
    -- A value may be what nobody here may know (F69): which field it is of is not known, or need not be.
    select
        'person_custom_field' as source_table,
        rejection_reason as reason,
        source_file,
        source_row_number,
        '{"value": "withheld"}' as row_json
    from person_custom_fields
    where rejection_reason is not null
    union all
    select
        'custom_field' as source_table,
        rejection_reason as reason,
        source_file,
        source_row_number,
        {{ row_as_json('source_row') }} as row_json
    from custom_fields
    where rejection_reason is not null
    union all
    select
        'campaigns' as source_table,
        rejection_reason as reason,
        source_file,
        source_row_number,
        {{ row_as_json('source_row') }} as row_json
    from campaigns
    where rejection_reason is not null
    union all
    select
        'donations' as source_table,
        coalesce(rejection_reason, 'date_future') as reason,
        source_file,
        source_row_number,
        {{ row_as_json('source_row') }} as row_json
    from donations
    where
        rejection_reason is not null
        or {{ is_future('donated_at') }}
    union all
    select
        'suppressions' as source_table,
        rejection_reason as reason,
        source_file,
        source_row_number,
        {{ row_as_json('source_row') }} as row_json
    from suppressions
    where rejection_reason is not null
    union all
    select
        'dns_records' as source_table,
        rejection_reason as reason,
        source_file,
        source_row_number,
        {{ row_as_json('source_row') }} as row_json
    from dns_records
    where rejection_reason is not null
    union all
    -- Whoever asks to be erased leaves no trace, a misspelt identifier neither: file and row say where it stands.
    select
        'erasure_requests' as source_table,
        rejection_reason as reason,
        source_file,
        source_row_number,
        '{"identifier": "withheld"}' as row_json
    from erasure_requests
    where rejection_reason is not null
    union all
    select
        'email_openers' as source_table,
        coalesce(rejection_reason, 'date_future') as reason,
        source_file,
        source_row_number,
        {{ row_as_json('source_row') }} as row_json
    from email_openers
    where
        rejection_reason is not null
        or {{ is_future('occurred_at') }}
    union all
    select
        'sms_responses' as source_table,
        coalesce(rejection_reason, 'date_future') as reason,
        source_file,
        source_row_number,
        {{ row_as_json('source_row') }} as row_json
    from sms_responses
    where
        rejection_reason is not null
        or {{ is_future('occurred_at') }}
    union all
    select
        'phone_contacts' as source_table,
        coalesce(rejection_reason, 'date_future') as reason,
        source_file,
        source_row_number,
        {{ row_as_json('source_row') }} as row_json
    from phone_contacts
    where
        rejection_reason is not null
        or {{ is_future('occurred_at') }}
    union all
    select
        'survey_responses' as source_table,
        coalesce(rejection_reason, 'date_future') as reason,
        source_file,
        source_row_number,
        {{ row_as_json('source_row') }} as row_json
    from survey_responses
    where
        rejection_reason is not null
        or {{ is_future('occurred_at') }}
    union all
    select
        'event_attendance' as source_table,
        coalesce(rejection_reason, 'date_future') as reason,
        source_file,
        source_row_number,
        {{ row_as_json('source_row') }} as row_json
    from event_attendance
    where
        rejection_reason is not null
        or {{ is_future('occurred_at') }}
    union all
    select
        'petition_signers' as source_table,
        coalesce(rejection_reason, 'date_future') as reason,
        source_file,
        source_row_number,
        {{ row_as_json('source_row') }} as row_json
    from petition_signers
    where
        rejection_reason is not null
        or {{ is_future('occurred_at') }}
    union all
    select
        'web_visits' as source_table,
        coalesce(rejection_reason, 'date_future') as reason,
        source_file,
        source_row_number,
        {{ row_as_json('source_row') }} as row_json
    from web_visits
    where
        rejection_reason is not null
        or {{ is_future('occurred_at') }}
    union all
    select
        'behavior_events' as source_table,
        coalesce(rejection_reason, 'date_future') as reason,
        source_file,
        source_row_number,
        {{ row_as_json('source_row') }} as row_json
    from behavior_events
    where
        rejection_reason is not null
        or {{ is_future('occurred_at') }}
),

stamped as (
    select
        source_table,
        reason,
        '{{ invocation_id }}' as rejected_at_build,
        source_file,
        source_row_number,
        row_json
    from rejected
    -- What is in the future is kept with its text, in which other columns may name somebody.
    where {{ is_not_erased(refused='rejected.row_json') }}
)

select * from stamped
