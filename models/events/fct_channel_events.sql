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

-- The first voter of an address or phone stands for it where a single contact is meant.
linked_addresses as (
    select
        email_key,
        {{ voter_text('state', 'svid') }} as first_voter
    from voter_addresses
    where is_first_voter
),

linked_phones as (
    select
        phone_key,
        min({{ voter_text('state', 'svid') }}) as first_voter
    from voter_phones
    where is_used
    group by phone_key
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
        end as contact_key,
        case
            when voter_svids.svid is not null then {{ voter_text('voter_svids.state', 'voter_svids.svid') }}
            else coalesce(linked_addresses.first_voter, linked_phones.first_voter)
        end as first_voter
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

-- Most rows are alone with their id. Only the others are ranked: ranking all takes more memory than a build has.
-- Two keys may share a hash; the key decides below.
repeated_hashes as (
    select {{ short_hash('row_key') }} as row_hash
    from linked
    where is_first_of_row
    group by {{ short_hash('row_key') }}
    having count(*) > 1
),

repeated_rows as (
    select *
    from linked
    where
        is_first_of_row
        and {{ short_hash('row_key') }} in (select repeated_hashes.row_hash from repeated_hashes)
),

-- Rows with one id are one row; without an id, rows that agree in every declared column are. The first one by time,
-- then by the columns in their order, stays with all its events (F50).
ranked as (
    select
        source_table,
        source_file,
        source_row_number,
        count(*) over (partition by source_table, row_key) as delivered_rows,
        row_number() over (
            partition by source_table, row_key
            order by
                occurred_at nulls last,
                given_local_at nulls last,
                email_key nulls last,
                phone_key nulls last,
                svid_state nulls last,
                svid nulls last,
                ended_at nulls last,
                given_session_id nulls last,
                case when source_table = 'behavior_events' then event_type end nulls last,
                subject nulls last,
                sends nulls last,
                replies nulls last,
                clicks nulls last,
                opt_outs nulls last,
                outcome nulls last,
                topic nulls last,
                coalesce(call_seconds, duration_seconds) nulls last,
                depth nulls last,
                campaign_id nulls last,
                client_shortname nulls last,
                is_bot nulls last,
                value nulls last,
                source_file,
                source_row_number
        ) as row_of_key,
        {{ differ_within(
            'source_table, row_key', ['first_voter', 'cast(occurred_at as date)', 'value'], 'true'
        ) }} as has_other_content
    from repeated_rows
),

kept as (
    select
        linked.*,
        case when linked.is_first_of_row then coalesce(ranked.delivered_rows, 1) else 0 end as delivered_rows,
        linked.is_first_of_row and coalesce(ranked.has_other_content, false) as has_other_content
    from linked
    -- A row that is alone with its id has no rank.
    left join ranked
        on
            linked.source_table = ranked.source_table
            and linked.source_file = ranked.source_file
            and linked.source_row_number = ranked.source_row_number
    where coalesce(ranked.row_of_key, 1) = 1
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

-- The number of an event comes from what it is, so that rows may come in any order: to sort all events takes more
-- memory than a build has. If two events had one number, the check of the key would stop the build.
numbered as (
    select
        {{ number_of_hex("left(" ~ surrogate_key(['kept.source_table', 'kept.row_key', 'kept.event_type']) ~ ", 15)") }}
            as channel_event_number,
        kept.source_table,
        kept.event_type,
        kept.link_method,
        kept.contact_key,
        kept.occurred_at,
        kept.given_local_at,
        kept.given_session_id,
        kept.campaign_id,
        kept.client_shortname,
        kept.topic,
        kept.duration_seconds,
        kept.depth,
        kept.quantity,
        kept.value,
        kept.delivered_rows,
        kept.has_other_content,
        known_opens.event_at is not null as is_repeated,
        not kept.is_bot and known_opens.event_at is null as is_counted
    from kept
    -- Most opens are in one extract only.
    left join known_opens
        on
            kept.source_table = 'email_openers'
            and kept.link_method = 'email'
            and kept.contact_key = known_opens.email_key
            and coalesce(kept.campaign_id, '') = known_opens.campaign_text
            and kept.occurred_at = known_opens.event_at
)

select * from numbered
