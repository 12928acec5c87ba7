with accepted as (
    select
        email_key,
        campaign_id,
        client_shortname,
        event_at,
        sends,
        opens,
        clicks,
        bounces,
        complaints,
        unsubs,
        is_bot,
        event_id
    from {{ ref('base_outreach__email_events') }}
    where
        rejection_reason is null
        and not {{ is_future('event_at') }}
)

select * from accepted
