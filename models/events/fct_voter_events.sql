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

voters as (
    select * from {{ ref('lnk_voter') }}
),

-- A row with several flags is several events at one moment; a flag above 1 is one event with that quantity (F15).
email_moments as (
    {% for event_type, flag in [
        ('email_send', 'sends'),
        ('email_open', 'opens'),
        ('email_click', 'clicks'),
        ('email_bounce', 'bounces'),
        ('email_complaint', 'complaints'),
        ('email_unsubscribe', 'unsubs'),
    ] %}
    select
        *,
        '{{ event_type }}' as delivered_type,
        {{ flag }} as quantity
    from email_events
    where {{ flag }} > 0
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- The voters that the events of the optional extracts are about.
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

united as (
    select
        email_moments.event_key,
        'email_clickers' as source_table,
        email_moments.delivered_type,
        email_moments.event_at as occurred_at,
        email_moments.campaign_id,
        email_moments.client_shortname,
        email_moments.quantity,
        voter_addresses.state,
        voter_addresses.svid
    from email_moments
    inner join voter_addresses
        on email_moments.email_key = voter_addresses.email_key
    {{ union_all_by_name() }}
    select
        donation_id as event_key,
        'donations' as source_table,
        case when is_gift then 'donation' else 'refund' end as delivered_type,
        donated_at as occurred_at,
        cast(1 as bigint) as quantity,
        cast(amount as double) as value,
        state,
        svid
    from donation_voters
    {{ union_all_by_name() }}
    select
        channel_events.*,
        cast(channel_events.channel_event_number as varchar) as event_key,
        channel_events.event_type as delivered_type,
        channel_contacts.state,
        channel_contacts.svid
    from channel_events
    inner join channel_contacts
        on
            channel_events.link_method = channel_contacts.link_method
            and channel_events.contact_key = channel_contacts.contact_key
    where channel_events.is_counted
),

-- Event numbers follow time, then type and key.
numbered as (
    select
        united.*,
        voter_numbers.voter_number,
        dense_rank() over (
            order by
                united.occurred_at,
                -- An answer to a send at the same moment comes after it.
                case when event_types.role = 'exposure' then 0 else 1 end,
                united.delivered_type,
                united.source_table,
                united.event_key
        ) as event_number,
        -- The first voter stands for all voters of the event, where each event counts once (F05).
        row_number() over (
            partition by united.source_table, united.event_key, united.delivered_type
            order by voter_numbers.voter_number
        ) = 1 as is_contact,
        event_types.channel,
        event_types.recorded_as,
        event_types.category,
        event_types.is_human,
        voters.time_zone,
        voters.time_zone_source
    from united
    inner join voter_numbers
        on
            united.state = voter_numbers.state
            and united.svid = voter_numbers.svid
    inner join event_types
        on united.delivered_type = event_types.event_type
    inner join voters
        on
            united.state = voters.state
            and united.svid = voters.svid
),

-- Midnight sharp is a date without a time of day, and a date is the same everywhere.
sourced as (
    select
        *,
        case
            when given_local_at is not null then 'event'
            when occurred_at = date_trunc('day', occurred_at) then 'date'
            else time_zone_source
        end as local_source
    from numbered
),

localized as (
    select
        voter_number,
        event_number,
        is_contact,
        channel,
        recorded_as as event_type,
        category,
        is_human,
        occurred_at,
        case local_source
            when 'event' then given_local_at
            when 'date' then occurred_at
            when 'utc' then occurred_at
            else {{ local_time('occurred_at', 'time_zone') }}
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
