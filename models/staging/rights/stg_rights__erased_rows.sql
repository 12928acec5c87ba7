{{ config(materialized='table') }}
{% set is_needed = 'true' if has_erasure_requests() else 'false' %}
{% set counted_map = counted_files('list_link_phone_email_map', this) %}
{% set counted_events = counted_files('email_clickers', this) %}

with input_files as (
    select * from {{ ref('stg_input_files') }}
),

erasures as (
    select * from {{ ref('stg_rights__erasures') }}
),

persons as {{ inlined() }} (
    select * from {{ ref('base_voterfile__persons') }}
),

person_custom_fields as {{ inlined() }} (
    select * from {{ ref('base_voterfile__person_custom_fields') }}
),

custom_fields as {{ inlined() }} (
    select * from {{ ref('base_voterfile__custom_fields') }}
),

contact_map as {{ inlined() }} (
    select * from {{ ref('base_outreach__contact_map') }}
),

email_events as {{ inlined() }} (
    select * from {{ ref('base_outreach__email_events') }}
),

campaigns as {{ inlined() }} (
    select * from {{ ref('base_outreach__campaigns') }}
),

donations as {{ inlined() }} (
    select * from {{ ref('base_giving__donations') }}
),

suppressions as {{ inlined() }} (
    select * from {{ ref('base_rights__suppressions') }}
),

dns_records as {{ inlined() }} (
    select * from {{ ref('base_deliverability__dns_records') }}
),

email_openers as {{ inlined() }} (
    select * from {{ ref('base_channels__email_openers') }}
),

sms_responses as {{ inlined() }} (
    select * from {{ ref('base_channels__sms_responses') }}
),

phone_contacts as {{ inlined() }} (
    select * from {{ ref('base_channels__phone_contacts') }}
),

survey_responses as {{ inlined() }} (
    select * from {{ ref('base_channels__survey_responses') }}
),

event_attendance as {{ inlined() }} (
    select * from {{ ref('base_channels__event_attendance') }}
),

petition_signers as {{ inlined() }} (
    select * from {{ ref('base_channels__petition_signers') }}
),

web_visits as {{ inlined() }} (
    select * from {{ ref('base_channels__web_visits') }}
),

behavior_events as {{ inlined() }} (
    select * from {{ ref('base_channels__behavior_events') }}
),

-- One line for all that are erased: other people have other rows.
summed_erasures as (
    select {{ erasures_digest('erasure_hash') }} as erasures_digest
    from erasures
),

-- Where nobody asked to be erased nothing is read. A file of a large extract that was counted for the same
-- people is not counted again.
left_rows as (
    select
        'person' as source_table,
        source_file,
        count(*) as rows_left
    from persons
    where
        {{ is_needed }}
    group by source_file
    union all
    select
        'person_custom_field' as source_table,
        source_file,
        count(*) as rows_left
    from person_custom_fields
    where
        {{ is_needed }}
    group by source_file
    union all
    select
        'custom_field' as source_table,
        source_file,
        count(*) as rows_left
    from custom_fields
    where
        {{ is_needed }}
    group by source_file
    union all
    select
        'list_link_phone_email_map' as source_table,
        source_file,
        count(*) as rows_left
    from contact_map
    where
        {{ is_needed }}
        and not {{ is_in_files('source_file', counted_map) }}
    group by source_file
    union all
    select
        'email_clickers' as source_table,
        source_file,
        count(*) as rows_left
    from email_events
    where
        {{ is_needed }}
        and not {{ is_in_files('source_file', counted_events) }}
    group by source_file
    union all
    select
        'campaigns' as source_table,
        source_file,
        count(*) as rows_left
    from campaigns
    where
        {{ is_needed }}
    group by source_file
    union all
    select
        'donations' as source_table,
        source_file,
        count(*) as rows_left
    from donations
    where
        {{ is_needed }}
    group by source_file
    union all
    select
        'suppressions' as source_table,
        source_file,
        count(*) as rows_left
    from suppressions
    where
        {{ is_needed }}
    group by source_file
    union all
    select
        'dns_records' as source_table,
        source_file,
        count(*) as rows_left
    from dns_records
    where
        {{ is_needed }}
    group by source_file
    union all
    select
        'email_openers' as source_table,
        source_file,
        count(*) as rows_left
    from email_openers
    where
        {{ is_needed }}
    group by source_file
    union all
    select
        'sms_responses' as source_table,
        source_file,
        count(*) as rows_left
    from sms_responses
    where
        {{ is_needed }}
    group by source_file
    union all
    select
        'phone_contacts' as source_table,
        source_file,
        count(*) as rows_left
    from phone_contacts
    where
        {{ is_needed }}
    group by source_file
    union all
    select
        'survey_responses' as source_table,
        source_file,
        count(*) as rows_left
    from survey_responses
    where
        {{ is_needed }}
    group by source_file
    union all
    select
        'event_attendance' as source_table,
        source_file,
        count(*) as rows_left
    from event_attendance
    where
        {{ is_needed }}
    group by source_file
    union all
    select
        'petition_signers' as source_table,
        source_file,
        count(*) as rows_left
    from petition_signers
    where
        {{ is_needed }}
    group by source_file
    union all
    select
        'web_visits' as source_table,
        source_file,
        count(*) as rows_left
    from web_visits
    where
        {{ is_needed }}
    group by source_file
    union all
    select
        'behavior_events' as source_table,
        source_file,
        count(*) as rows_left
    from behavior_events
    where
        {{ is_needed }}
    group by source_file
),

counted as (
    select
        input_files.source_table,
        input_files.source_file,
        input_files.fingerprint,
        summed_erasures.erasures_digest,
        input_files.rows_in - coalesce(left_rows.rows_left, 0) as rows_erased
    from input_files
    cross join summed_erasures
    -- Of a file all of whose rows are erased nothing is left.
    left join left_rows
        on
            input_files.source_table = left_rows.source_table
            and input_files.source_file = left_rows.source_file
    where
        {{ is_needed }}
        and input_files.source_table <> 'erasure_requests'
        and not (
            input_files.source_table = 'list_link_phone_email_map'
            and {{ is_in_files('input_files.source_file', counted_map) }}
        )
        and not (
            input_files.source_table = 'email_clickers'
            and {{ is_in_files('input_files.source_file', counted_events) }}
        )
    {% if counted_map or counted_events %}
    union all
    select
        known.source_table,
        known.source_file,
        known.fingerprint,
        known.erasures_digest,
        known.rows_erased
    from {{ carried_relation(this) }} as known
    where
        (
            known.source_table = 'list_link_phone_email_map'
            and {{ is_in_files('known.source_file', counted_map) }}
        )
        or (
            known.source_table = 'email_clickers'
            and {{ is_in_files('known.source_file', counted_events) }}
        )
    {% endif %}
)

select * from counted
