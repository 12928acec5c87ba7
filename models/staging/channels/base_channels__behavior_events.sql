with delivered as (
    select * from {{ source('channels', 'behavior_events') }}
),

event_types as (
    select * from {{ ref('event_types') }}
),

trimmed as (
    select
        *,
        {{ well_formed_email('email') }} as well_formed_email,
        {{ well_formed_phone('phone') }} as well_formed_phone,
        {{ text_id('svid') }} as svid_text,
        lower({{ text_id('event_type') }}) as event_type_key,
        {{ text_id('occurred_at') }} as occurred_text,
        nullif(trim(page), '') as page_text,
        nullif(trim(properties), '') as properties_text,
        nullif(trim(context), '') as context_text
    from delivered
),

parsed as (
    select
        *,
        case when {{ is_json('page_text') }} then page_text end as page_json,
        case when {{ is_json('properties_text') }} then properties_text end as properties_json
    from trimmed
),

-- Only the properties that the allow-list names leave the JSON (F89).
allowed as (
    select
        *,
        coalesce(
            {{ allowed_property('properties_json', 'properties', 'topic') }},
            {{ allowed_property('page_json', 'page', 'topic') }}
        ) as allowed_topic
    from parsed
),

keyed as (
    select
        {{ email_key('well_formed_email') }} as email_key,
        {{ phone_key('well_formed_phone') }} as phone_key,
        case when {{ identifier_names_state('svid_text') }} then upper(left(svid_text, 2)) end as svid_state,
        case
            when {{ identifier_names_state('svid_text') }} then {{ text_id('substring(svid_text, 4)') }}
            else svid_text
        end as svid,
        {{ text_id('event_id') }} as event_id,
        {{ text_id('session_id') }} as session_id,
        event_type_key as event_type,
        {{ iso_timestamp('occurred_text') }} as occurred_at,
        {{ given_local_timestamp('occurred_text') }} as given_local_at,
        {{ topic_text('allowed_topic') }} as topic,
        try_cast({{ allowed_property('properties_json', 'properties', 'duration_seconds') }} as double)
            as duration_seconds,
        try_cast({{ allowed_property('properties_json', 'properties', 'depth') }} as double) as depth,
        value,
        -- Two rows without an id that differ in any of these are two events.
        case
            when {{ text_id('event_id') }} is null
                then {{ surrogate_key([
                    text_id('category'), text_id('source'), 'page_text', 'properties_text', 'context_text',
                ]) }}
        end as details_key,
        (page_text is not null and page_json is null)
        or (properties_text is not null and properties_json is null)
        or (context_text is not null and not {{ is_json('context_text') }}) as has_malformed_json,
        -- As in every other table, a moment that is not ISO 8601 is a value that its column cannot hold.
        case
            when occurred_text is not null and {{ iso_timestamp('occurred_text') }} is null then 'occurred_at'
            else uncastable_columns
        end as uncastable_columns,
        is_deleted_at_source,
        source_file,
        source_row_number,
        source_row
    from allowed
),

checked as (
    select
        keyed.*,
        {{ channel_rejection_reason(svid='svid', own=[
            ('event_types.event_type is null', 'unknown_event_type'),
            ('has_malformed_json', 'malformed_json'),
            ('duration_seconds < 0', 'runs_backwards'),
        ]) }} as rejection_reason
    from keyed
    -- The seed may not know the type.
    left join event_types
        on keyed.event_type = event_types.event_type
),

retained as (
    {{ without_erased(
        'checked',
        emails=['email_key'],
        phones=['phone_key'],
        voters=[('checked.svid_state', 'checked.svid')]
    ) }}
)

select * from retained
