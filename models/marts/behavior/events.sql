with stream as (
    select * from {{ ref('fct_voter_events') }}
),

session_events as (
    select * from {{ ref('fct_session_events') }}
),

voter_numbers as (
    select * from {{ ref('key_voters') }}
),

described as (
    select
        voter_numbers.state,
        voter_numbers.svid,
        stream.voter_number,
        stream.event_number,
        session_events.session_number,
        stream.channel,
        stream.event_type,
        stream.category,
        stream.is_human,
        stream.is_contact,
        stream.occurred_at,
        stream.local_at,
        stream.local_source,
        stream.campaign_id,
        stream.client_shortname,
        case when not {{ tells_opinion('stream.channel') }} then stream.topic end as topic,
        stream.duration_seconds,
        stream.depth,
        stream.quantity,
        stream.value,
        '{{ invocation_id }}' as build_id
    from stream
    inner join voter_numbers
        on stream.voter_number = voter_numbers.voter_number
    -- Messages, server responses and refunds belong to no session.
    left join session_events
        on
            stream.voter_number = session_events.voter_number
            and stream.event_number = session_events.event_number
)

select * from described
