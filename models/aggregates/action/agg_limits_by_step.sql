with steps as (
    select * from {{ ref('agg_steps_by_entry') }}
),

handovers as (
    select * from {{ ref('stg_action__handovers') }}
),

contacts as (
    select * from {{ ref('agg_contacts_by_voter') }}
),

caps as (
    select * from {{ ref('contact_caps') }}
),

-- Messages sent, and how many days ago: 0 if the time is not known, or after the clock's day.
sent as (
    select
        handovers.*,
        contacts.voter_number,
        {{ contact_on('handovers.channel', 'contacts') }} as contact_number,
        coalesce(steps.entry_key, handovers.entry_key, handovers.message_key) as key_of_entry,
        case
            when handovers.handed_over_at is null then 0
            else greatest(0, {{ days_between('handovers.handed_over_at', as_of_date()) }})
        end as days_ago
    from handovers
    inner join contacts
        on
            handovers.state = contacts.state
            and handovers.svid = contacts.svid
    -- The ledger also holds messages of entries that late data has taken back, and of experiments.
    left join steps
        on handovers.message_key = steps.message_key
),

{{ contact_rooms() }},

-- The days since another entry of the voter got a message of the trigger.
own_messages as (
    select
        steps.message_key,
        min(sent.days_ago) as days_since_own
    from steps
    inner join sent
        on
            steps.trigger_name = sent.trigger_name
            and steps.voter_number = sent.voter_number
    where steps.entry_key <> sent.key_of_entry
    group by steps.message_key
),

-- The days since another voter got one at the same mailbox or phone.
shared_messages as (
    select
        steps.message_key,
        min(sent.days_ago) as days_since_shared
    from steps
    inner join contacts
        on steps.voter_number = contacts.voter_number
    inner join sent
        on
            steps.trigger_name = sent.trigger_name
            and steps.channel = sent.channel
            and {{ contact_on('steps.channel', 'contacts') }} = sent.contact_number
    where steps.voter_number <> sent.voter_number
    group by steps.message_key
),

limited as (
    select
        steps.message_key,
        {{ contact_on('steps.channel', 'contacts') }} as contact_number,
        own_messages.days_since_own,
        shared_messages.days_since_shared,
        coalesce(own_rooms.room, channel_rooms.room) as channel_room,
        coalesce(person_rooms.room, total_rooms.room) as total_room
    from steps
    inner join contacts
        on steps.voter_number = contacts.voter_number
    -- Most people got no message yet, and a channel may have no cap.
    left join own_messages
        on steps.message_key = own_messages.message_key
    left join shared_messages
        on steps.message_key = shared_messages.message_key
    left join least_rooms as own_rooms
        on
            steps.channel = own_rooms.channel
            and {{ contact_on('steps.channel', 'contacts') }} = own_rooms.contact_number
    left join whole_rooms as channel_rooms
        on steps.channel = channel_rooms.channel
    left join least_rooms as person_rooms
        on
            person_rooms.channel = 'any'
            and steps.voter_number = person_rooms.contact_number
    left join whole_rooms as total_rooms
        on total_rooms.channel = 'any'
)

select * from limited
