with email_events as (
    select * from {{ ref('fct_email_rows') }}
),

kept_events as (
    select * from {{ ref('fct_email_events') }}
),

voter_addresses as (
    select * from {{ ref('lnk_voter_address') }}
),

known_clicks as (
    select
        event_key,
        email_key,
        campaign_id,
        client_shortname,
        event_at,
        clicks
    from kept_events
    where
        clicks > 0
        and campaign_id is not null
),

-- Clicks, and whatever else came under the id of one: which row stays is settled among all of them.
stranger_events as {{ materialized() }} (
    select
        {{ event_key() }} as event_key,
        {{ short_hash(event_key()) }} as event_hash,
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
        is_bot
    from email_events
    where
        {{ is_accepted_event() }}
        and not exists (
            select 1
            from voter_addresses
            where voter_addresses.email_key = email_events.email_key
        )
),

-- Few events came twice; the others need no order. Two keys of one hash are told apart below.
repeated_hashes as (
    select event_hash
    from stranger_events
    group by event_hash
    having count(*) > 1
),

numbered as (
    select
        event_key,
        email_key,
        campaign_id,
        client_shortname,
        event_at,
        clicks,
        is_bot,
        row_number() over ({{ first_of_event() }}) as row_in_event
    from stranger_events
    where event_hash in (select repeated_hashes.event_hash from repeated_hashes)
),

deduplicated as (
    select
        event_key,
        email_key,
        campaign_id,
        client_shortname,
        event_at,
        clicks,
        is_bot
    from numbered
    where row_in_event = 1
    union all
    select
        event_key,
        email_key,
        campaign_id,
        client_shortname,
        event_at,
        clicks,
        is_bot
    from stranger_events
    where
        not exists (
            select 1
            from repeated_hashes
            where repeated_hashes.event_hash = stranger_events.event_hash
        )
),

-- A voter's event under the same id goes before a stranger's.
stranger_clicks as (
    select
        event_key,
        email_key,
        campaign_id,
        client_shortname,
        event_at,
        clicks
    from deduplicated
    where
        clicks > 0
        and not is_bot
        and campaign_id is not null
        and not exists (
            select 1
            from kept_events
            where kept_events.event_key = deduplicated.event_key
        )
),

united as (
    select * from known_clicks
    union all
    select * from stranger_clicks
)

select * from united
