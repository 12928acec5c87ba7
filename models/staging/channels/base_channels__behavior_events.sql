with delivered as (
    select * from {{ source('channels', 'behavior_events') }}
),

event_types as (
    select * from {{ ref('event_types') }}
),

trimmed as (
    select
        {{ well_formed_email('email') }} as well_formed_email,
        {{ well_formed_phone('phone') }} as well_formed_phone,
        {{ text_id('svid') }} as svid_text,
        {{ text_id('event_id') }} as event_id,
        {{ text_id('session_id') }} as session_id,
        lower({{ text_id('event_type') }}) as event_type,
        {{ text_id('occurred_at') }} as occurred_text,
        nullif(trim(page), '') as page_text,
        nullif(trim(properties), '') as properties_text,
        nullif(trim(context), '') as context_text,
        value,
        uncastable_columns,
        source_file,
        source_row_number,
        source_row
    from delivered
),

-- A moment that is not ISO 8601 is a value that its column cannot hold, as in every other table.
parsed as (
    select
        {{ email_key('well_formed_email') }} as email_key,
        {{ phone_key('well_formed_phone') }} as phone_key,
        case when {{ identifier_names_state('svid_text') }} then upper(left(svid_text, 2)) end as svid_state,
        case
            when {{ identifier_names_state('svid_text') }} then {{ text_id('substring(svid_text, 4)') }}
            else svid_text
        end as svid,
        event_id,
        session_id,
        event_type,
        occurred_text,
        {{ iso_timestamp('occurred_text') }} as occurred_at,
        {{ given_local_timestamp('occurred_text') }} as given_local_at,
        case when {{ is_json('page_text') }} then page_text end as page_json,
        case when {{ is_json('properties_text') }} then properties_text end as properties_json,
        (page_text is not null and not {{ is_json('page_text') }})
        or (properties_text is not null and not {{ is_json('properties_text') }})
        or (context_text is not null and not {{ is_json('context_text') }}) as has_malformed_json,
        value,
        uncastable_columns,
        source_file,
        source_row_number,
        source_row
    from trimmed
),

-- Of the JSON nothing goes on but what the allow-list names (F89).
allowed as (
    select
        email_key,
        phone_key,
        svid_state,
        svid,
        event_id,
        session_id,
        event_type,
        occurred_at,
        given_local_at,
        coalesce(
            {{ allowed_property('properties_json', 'properties', 'topic') }},
            {{ allowed_property('page_json', 'page', 'topic') }}
        ) as topic_text,
        try_cast({{ allowed_property('properties_json', 'properties', 'duration_seconds') }} as double)
            as duration_seconds,
        try_cast({{ allowed_property('properties_json', 'properties', 'depth') }} as double) as depth,
        has_malformed_json,
        value,
        case when occurred_text is not null and occurred_at is null then 'occurred_at' else uncastable_columns end
            as uncastable_columns,
        source_file,
        source_row_number,
        source_row
    from parsed
),

-- Everything but "after the clock's day": the clock itself is read from the accepted rows.
checked as (
    select
        allowed.email_key,
        allowed.phone_key,
        allowed.svid_state,
        allowed.svid,
        allowed.event_id,
        allowed.session_id,
        allowed.event_type,
        allowed.occurred_at,
        allowed.given_local_at,
        {{ topic_text('allowed.topic_text') }} as topic,
        allowed.duration_seconds,
        allowed.depth,
        allowed.value,
        {{ channel_rejection_reason(svid='svid', own=[
            ('event_types.event_type is null', 'unknown_event_type'),
            ('allowed.has_malformed_json', 'malformed_json'),
            ('allowed.duration_seconds < 0', 'runs_backwards'),
        ]) }} as rejection_reason,
        allowed.source_file,
        allowed.source_row_number,
        allowed.source_row
    from allowed
    -- A type that the seed does not know.
    left join event_types
        on allowed.event_type = event_types.event_type
),

retained as (
    select
        checked.email_key,
        checked.phone_key,
        checked.svid_state,
        checked.svid,
        checked.event_id,
        checked.session_id,
        checked.event_type,
        checked.occurred_at,
        checked.given_local_at,
        checked.topic,
        checked.duration_seconds,
        checked.depth,
        checked.value,
        checked.rejection_reason,
        checked.source_file,
        checked.source_row_number,
        checked.source_row
    from checked
    where
        {{ is_not_erased(
            emails=['checked.email_key'],
            phones=['checked.phone_key'],
            voters=[('checked.svid_state', 'checked.svid')],
            refused=refused_text('checked.rejection_reason', 'checked.source_row')
        ) }}
)

select * from retained
