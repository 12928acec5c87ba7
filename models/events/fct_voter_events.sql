with donation_voters as (
    select * from {{ ref('fct_donation_voters') }}
),

channel_events as {{ inlined() }} (
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

voters as (
    select * from {{ ref('lnk_voter') }}
),

-- Each event first gets a number of its own: to sort events by texts takes more memory than a build has.
keyed_emails as {{ materialized() }} (
    select
        *,
        row_number() over (order by event_key) as key_number
    from {{ ref('fct_email_events') }}
),

keyed_gifts as {{ materialized() }} (
    select
        donation_id,
        is_gift,
        donated_at,
        amount,
        row_number() over (order by donation_id) as key_number
    from donation_voters
    group by donation_id, is_gift, donated_at, amount
),

-- A row with several flags is several events at one moment (F15).
moments as (
    {% for event_type, flag in email_flags_of_types().items() %}
    select
        1 as source_number,
        key_number,
        '{{ event_type }}' as delivered_type,
        event_at as occurred_at
    from keyed_emails
    where {{ flag }} > 0
    union all
    {% endfor %}
    select
        2 as source_number,
        key_number,
        case when is_gift then 'donation' else 'refund' end as delivered_type,
        donated_at as occurred_at
    from keyed_gifts
    union all
    select
        3 as source_number,
        channel_event_number as key_number,
        event_type as delivered_type,
        occurred_at
    from channel_events
    where is_counted
),

-- An answer to a send at the same moment comes after it.
ordered_types as (
    select
        *,
        row_number() over (order by case when role = 'exposure' then 0 else 1 end, event_type) as type_number
    from {{ ref('event_types') }}
),

-- Event numbers follow time, then type and key.
numbered as {{ materialized() }} (
    select
        moments.*,
        row_number() over (
            order by
                moments.occurred_at,
                ordered_types.type_number,
                moments.source_number,
                moments.key_number
        ) as event_number,
        ordered_types.channel,
        ordered_types.recorded_as,
        ordered_types.category,
        ordered_types.is_human
    from moments
    inner join ordered_types
        on moments.delivered_type = ordered_types.event_type
),

-- The rest of each event, and the contact that leads to its voters. A flag above 1 is one event with that quantity.
described as (
    select
        numbered.*,
        'email_clickers' as source_table,
        keyed_emails.campaign_id,
        keyed_emails.client_shortname,
        case numbered.delivered_type
            {%- for event_type, flag in email_flags_of_types().items() %}
            when '{{ event_type }}' then keyed_emails.{{ flag }}
            {%- endfor %}
        end as quantity,
        'email' as link_method,
        keyed_emails.email_key as contact_key
    from keyed_emails
    inner join numbered
        on keyed_emails.key_number = numbered.key_number
    where numbered.source_number = 1
    {{ union_all_by_name() }}
    select
        numbered.*,
        'donations' as source_table,
        cast(1 as bigint) as quantity,
        cast(keyed_gifts.amount as double) as value,
        'gift' as link_method,
        keyed_gifts.donation_id as contact_key
    from keyed_gifts
    inner join numbered
        on keyed_gifts.key_number = numbered.key_number
    where numbered.source_number = 2
    {{ union_all_by_name() }}
    select
        channel_events.*,
        numbered.delivered_type,
        numbered.event_number,
        numbered.channel,
        numbered.recorded_as,
        numbered.category,
        numbered.is_human
    from channel_events
    inner join numbered
        on channel_events.channel_event_number = numbered.key_number
    where numbered.source_number = 3
),

contact_voters as (
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
    union all
    select
        'gift' as link_method,
        donation_id as contact_key,
        state,
        svid
    from donation_voters
),

-- The first voter of a contact stands for all of them, where each event counts once (F05).
ranked_contacts as (
    select
        contact_voters.link_method,
        contact_voters.contact_key,
        voter_numbers.voter_number,
        row_number() over (
            partition by contact_voters.link_method, contact_voters.contact_key
            order by voter_numbers.voter_number
        ) = 1 as is_contact,
        voters.time_zone,
        voters.time_zone_source
    from contact_voters
    inner join voter_numbers
        on
            contact_voters.state = voter_numbers.state
            and contact_voters.svid = voter_numbers.svid
    inner join voters
        on
            contact_voters.state = voters.state
            and contact_voters.svid = voters.svid
),

-- Midnight sharp is a date without a time of day, and a date is the same everywhere.
united as (
    select
        described.*,
        ranked_contacts.voter_number,
        ranked_contacts.is_contact,
        ranked_contacts.time_zone,
        case
            when described.given_local_at is not null then 'event'
            when described.occurred_at = date_trunc('day', described.occurred_at) then 'date'
            else ranked_contacts.time_zone_source
        end as local_source
    from described
    inner join ranked_contacts
        on
            described.link_method = ranked_contacts.link_method
            and described.contact_key = ranked_contacts.contact_key
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
    from united
)

select * from localized
-- The events of a voter lie together, in their order.
order by voter_number, event_number
