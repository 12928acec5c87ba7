with email_events as (
    select * from {{ ref('fct_email_rows') }}
),

kept_events as (
    select * from {{ ref('fct_email_events') }}
),

voter_addresses as (
    select * from {{ ref('lnk_voter_address') }}
),

-- Strangers' clicks, and rows with the event id of one: which row stays is decided among all of them.
stranger_events as {{ materialized() }} (
    select
        *,
        {{ event_key() }} as event_key,
        {{ short_hash(event_key()) }} as event_hash
    from email_events
    where
        {{ is_accepted_event() }}
        and not exists (
            select 1
            from voter_addresses
            where voter_addresses.email_key = email_events.email_key
        )
),

-- Few events were delivered twice, and only these need an order. Two keys may share a hash; the key decides below.
repeated_hashes as (
    select event_hash
    from stranger_events
    group by event_hash
    having count(*) > 1
),

ranked as (
    select
        *,
        row_number() over ({{ first_of_event() }}) as row_in_event
    from stranger_events
    where event_hash in (select repeated_hashes.event_hash from repeated_hashes)
),

deduplicated as (
    select *
    from ranked
    where row_in_event = 1
    union all
    select
        *,
        1 as row_in_event
    from stranger_events
    where
        not exists (
            select 1
            from repeated_hashes
            where repeated_hashes.event_hash = stranger_events.event_hash
        )
),

-- A voter's event takes precedence over a stranger's with the same id.
united as (
    select * from kept_events
    {{ union_all_by_name() }}
    select *
    from deduplicated
    where
        not is_bot
        and not exists (
            select 1
            from kept_events
            where kept_events.event_key = deduplicated.event_key
        )
),

clicked as (
    select
        event_key,
        email_key,
        campaign_id,
        client_shortname,
        event_at,
        clicks
    from united
    where
        clicks > 0
        and campaign_id is not null
)

select * from clicked
