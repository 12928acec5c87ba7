with channel_events as (
    select * from {{ ref('stg_channels__events') }}
),

email_events as (
    select * from {{ ref('fct_email_events') }}
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

linked_addresses as (
    select email_key
    from voter_addresses
    where is_first_voter
),

linked_phones as (
    select distinct phone_key
    from voter_phones
    where is_used
),

voter_svids as (
    select
        state,
        svid,
        count(*) over (partition by svid) as states_of_svid
    from voter_numbers
),

-- A voter id decides, then the address, then the phone if the address leads to no voter (F08).
linked as (
    select
        channel_events.*,
        case
            when voter_svids.svid is not null then 'svid'
            when linked_addresses.email_key is not null then 'email'
            when linked_phones.phone_key is not null then 'phone'
        end as link_method,
        case
            when voter_svids.svid is not null then {{ voter_text('voter_svids.state', 'voter_svids.svid') }}
            else coalesce(linked_addresses.email_key, linked_phones.phone_key)
        end as contact_key
    from channel_events
    -- Most events have no voter id. One without a state that two states gave out names no voter (F02).
    left join voter_svids
        on
            channel_events.svid = voter_svids.svid
            and (
                channel_events.svid_state = voter_svids.state
                or (channel_events.svid_state is null and voter_svids.states_of_svid = 1)
            )
    -- Some events are about strangers.
    left join linked_addresses
        on channel_events.email_key = linked_addresses.email_key
    left join linked_phones
        on channel_events.phone_key = linked_phones.phone_key
    where coalesce(voter_svids.svid, linked_addresses.email_key, linked_phones.phone_key) is not null
),

-- Without an id, an event is identified by its columns.
keyed as (
    select
        *,
        coalesce(event_id, {{ surrogate_key([
            'contact_key', 'occurred_at', 'given_session_id', 'campaign_id', 'client_shortname', 'subject', 'topic',
            'duration_seconds', 'depth', 'quantity', 'value', 'is_bot',
        ]) }}) as event_key
    from linked
),

-- Rows with one id and type are one event; the first row stays (F50).
ranked as (
    select
        *,
        count(case when is_first_of_row then 1 end) over (
            partition by source_table, event_key, event_type
        ) as delivered_rows,
        row_number() over (
            partition by source_table, event_key, event_type
            order by
                occurred_at nulls last,
                contact_key nulls last,
                given_local_at nulls last,
                given_session_id nulls last,
                campaign_id nulls last,
                client_shortname nulls last,
                topic nulls last,
                duration_seconds nulls last,
                depth nulls last,
                quantity nulls last,
                value nulls last,
                is_bot nulls last
        ) as row_in_event
    from keyed
),

-- An open that email_clickers has at the same moment, a machine's too, is no second event.
known_opens as (
    select distinct
        email_key,
        coalesce(campaign_id, '') as campaign_text,
        event_at
    from email_events
    where opens > 0 or is_machine
),

numbered as (
    select
        row_number() over (
            order by ranked.occurred_at, ranked.source_table, ranked.event_key, ranked.event_type
        ) as channel_event_number,
        ranked.source_table,
        ranked.event_type,
        ranked.link_method,
        ranked.contact_key,
        ranked.occurred_at,
        ranked.given_local_at,
        ranked.given_session_id,
        ranked.campaign_id,
        ranked.client_shortname,
        ranked.topic,
        ranked.duration_seconds,
        ranked.depth,
        ranked.quantity,
        ranked.value,
        ranked.delivered_rows,
        known_opens.event_at is not null as is_repeated,
        not ranked.is_bot and known_opens.event_at is null as is_counted
    from ranked
    -- Most opens are in one extract only.
    left join known_opens
        on
            ranked.source_table = 'email_openers'
            and ranked.link_method = 'email'
            and ranked.contact_key = known_opens.email_key
            and coalesce(ranked.campaign_id, '') = known_opens.campaign_text
            and ranked.occurred_at = known_opens.event_at
    where ranked.row_in_event = 1
)

select * from numbered
order by channel_event_number
