with email_events as (
    select * from {{ ref('fct_email_events') }}
),

donation_voters as (
    select * from {{ ref('fct_donation_voters') }}
),

channel_events as (
    select * from {{ ref('fct_channel_events') }}
),

voter_addresses as (
    select * from {{ ref('lnk_voter_address') }}
),

voter_phones as (
    select * from {{ ref('lnk_voter_phone') }}
),

voter_numbers as (
    select * from {{ ref('key_voters') }}
),

event_types as (
    select * from {{ ref('event_types') }}
),

time_zones as (
    select * from {{ ref('time_zones') }}
),

-- A row with several flags is several events at one moment; a flag above 1 is one event with that quantity (F15).
email_moments as (
    select
        event_key,
        email_key,
        campaign_id,
        client_shortname,
        event_at,
        'email_send' as event_type,
        sends as quantity
    from email_events
    where sends > 0
    union all
    select
        event_key,
        email_key,
        campaign_id,
        client_shortname,
        event_at,
        'email_open' as event_type,
        opens as quantity
    from email_events
    where opens > 0
    union all
    select
        event_key,
        email_key,
        campaign_id,
        client_shortname,
        event_at,
        'email_click' as event_type,
        clicks as quantity
    from email_events
    where clicks > 0
    union all
    select
        event_key,
        email_key,
        campaign_id,
        client_shortname,
        event_at,
        'email_bounce' as event_type,
        bounces as quantity
    from email_events
    where bounces > 0
    union all
    select
        event_key,
        email_key,
        campaign_id,
        client_shortname,
        event_at,
        'email_complaint' as event_type,
        complaints as quantity
    from email_events
    where complaints > 0
    union all
    select
        event_key,
        email_key,
        campaign_id,
        client_shortname,
        event_at,
        'email_unsubscribe' as event_type,
        unsubs as quantity
    from email_events
    where unsubs > 0
),

-- Whom the events of the optional extracts are about.
channel_contacts as (
    select
        'email' as link_method,
        email_key as contact_key,
        state,
        svid
    from voter_addresses
    union all
    select
        'phone' as link_method,
        phone_key as contact_key,
        state,
        svid
    from voter_phones
    where is_used
    union all
    select
        'svid' as link_method,
        {{ voter_text('state', 'svid') }} as contact_key,
        state,
        svid
    from voter_numbers
),

-- In the order of time, ties by type and key: numbers of events are an order of them, too.
united as (
    select
        email_moments.event_key,
        'email_clickers' as source_table,
        email_moments.event_type,
        email_moments.event_at as occurred_at,
        cast(null as timestamp) as given_local_at,
        cast(null as varchar) as given_session_id,
        email_moments.campaign_id,
        email_moments.client_shortname,
        cast(null as varchar) as topic,
        cast(null as double) as duration_seconds,
        cast(null as double) as depth,
        email_moments.quantity,
        cast(null as double) as value,
        voter_addresses.state,
        voter_addresses.svid
    from email_moments
    inner join voter_addresses
        on email_moments.email_key = voter_addresses.email_key
    union all
    select
        donation_voters.donation_id as event_key,
        'donations' as source_table,
        case when donation_voters.is_gift then 'donation' else 'refund' end as event_type,
        donation_voters.donated_at as occurred_at,
        cast(null as timestamp) as given_local_at,
        cast(null as varchar) as given_session_id,
        cast(null as varchar) as campaign_id,
        cast(null as varchar) as client_shortname,
        cast(null as varchar) as topic,
        cast(null as double) as duration_seconds,
        cast(null as double) as depth,
        cast(1 as bigint) as quantity,
        cast(donation_voters.amount as double) as value,
        donation_voters.state,
        donation_voters.svid
    from donation_voters
    union all
    select
        cast(channel_events.channel_event_number as varchar) as event_key,
        channel_events.source_table,
        channel_events.event_type,
        channel_events.occurred_at,
        channel_events.given_local_at,
        channel_events.given_session_id,
        channel_events.campaign_id,
        channel_events.client_shortname,
        channel_events.topic,
        channel_events.duration_seconds,
        channel_events.depth,
        channel_events.quantity,
        channel_events.value,
        channel_contacts.state,
        channel_contacts.svid
    from channel_events
    inner join channel_contacts
        on
            channel_events.link_method = channel_contacts.link_method
            and channel_events.contact_key = channel_contacts.contact_key
    where channel_events.is_counted
),

numbered as (
    select
        voter_numbers.voter_number,
        dense_rank() over (
            order by
                united.occurred_at,
                -- What answers a send of the same moment comes after it.
                case when event_types.role = 'exposure' then 0 else 1 end,
                united.event_type,
                united.source_table,
                united.event_key
        ) as event_number,
        -- The first voter stands for all whose event it is, where each event counts once (F05).
        row_number() over (
            partition by united.source_table, united.event_key, united.event_type
            order by voter_numbers.voter_number
        ) = 1 as is_contact,
        event_types.channel,
        event_types.recorded_as as event_type,
        event_types.category,
        event_types.is_human,
        united.occurred_at,
        united.given_local_at,
        time_zones.time_zone,
        united.given_session_id,
        united.campaign_id,
        united.client_shortname,
        united.topic,
        united.duration_seconds,
        united.depth,
        united.quantity,
        united.value,
        united.source_table
    from united
    inner join voter_numbers
        on
            united.state = voter_numbers.state
            and united.svid = voter_numbers.svid
    inner join event_types
        on united.event_type = event_types.event_type
    -- A state that the seed does not know has no zone.
    left join time_zones
        on united.state = time_zones.state
),

-- Midnight sharp is a day without a time of day, and that day is the same everywhere.
sourced as (
    select
        voter_number,
        event_number,
        is_contact,
        channel,
        event_type,
        category,
        is_human,
        occurred_at,
        given_local_at,
        time_zone,
        case
            when given_local_at is not null then 'event'
            when occurred_at = date_trunc('day', occurred_at) then 'date'
            when time_zone is not null then 'state'
            else 'utc'
        end as local_source,
        given_session_id,
        campaign_id,
        client_shortname,
        topic,
        duration_seconds,
        depth,
        quantity,
        value,
        source_table
    from numbered
),

localized as (
    select
        voter_number,
        event_number,
        is_contact,
        channel,
        event_type,
        category,
        is_human,
        occurred_at,
        case local_source
            when 'event' then given_local_at
            when 'state' then {{ local_time('occurred_at', 'time_zone') }}
            else occurred_at
        end as local_at,
        local_source,
        given_session_id,
        campaign_id,
        client_shortname,
        topic,
        duration_seconds,
        depth,
        quantity,
        value,
        source_table
    from sourced
)

select * from localized
-- The events of a voter lie together, in their order.
order by voter_number, event_number
