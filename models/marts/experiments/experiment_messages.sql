with experiments as (
    select * from {{ ref('stg_definitions__experiments') }}
),

arms as (
    select * from {{ ref('stg_definitions__experiment_arms') }}
),

assignments as (
    select * from {{ ref('experiment_assignments') }}
),

templates as (
    select * from {{ ref('message_templates') }}
),

contacts as (
    select * from {{ ref('agg_contacts_by_voter') }}
),

permissions as (
    select * from {{ ref('contact_permissions') }}
),

handovers as (
    select * from {{ ref('stg_action__handovers') }}
),

executions as (
    select * from {{ ref('trigger_executions') }}
),

caps as (
    select * from {{ ref('contact_caps') }}
),

-- Experiments whose arms name a template. If one arm asks for a gift, all arms keep to those who may be asked: the arms
-- must not differ in anything else.
sending as (
    select
        experiments.experiment,
        arms.arm,
        arms.template,
        templates.channel,
        max(case when templates.asks_for_gift then 1 else 0 end) over (partition by experiments.experiment) = 1
            as asks_for_gift,
        experiments.ends_on,
        {{ as_of_date() }} as as_of_date
    from experiments
    inner join arms
        on experiments.experiment = arms.experiment
    inner join templates
        on arms.template = templates.template
    where
        experiments.status = 'active'
        and {{ as_of_date() }} between experiments.starts_on and experiments.ends_on
),

-- The key does not hold the arm: nobody gets the message of a second one.
candidates as (
    select
        sending.*,
        assignments.state,
        assignments.svid,
        assignments.voter_number,
        {{ surrogate_key(["'experiment'", 'sending.experiment', 'assignments.state', 'assignments.svid']) }}
            as message_key,
        {{ contact_on('sending.channel', 'contacts') }} as contact_number,
        contacts.zone_key,
        contacts.is_minor,
        {{ hash_bucket("'global'", voter_text('assignments.state', 'assignments.svid')) }}
        < {{ rule_value('trigger_rules', 'global_holdout_share') }} as is_in_global_holdout
    from assignments
    inner join sending
        on
            assignments.experiment = sending.experiment
            and assignments.arm = sending.arm
    inner join contacts
        on assignments.voter_number = contacts.voter_number
),

-- Messages that were sent, and those that triggers propose today: they go first.
sent as (
    select
        handovers.experiment,
        handovers.channel,
        contacts.voter_number,
        {{ contact_on('handovers.channel', 'contacts') }} as contact_number,
        case
            when handovers.handed_over_at is null then 0
            else greatest(0, {{ days_between('handovers.handed_over_at', as_of_date()) }})
        end as days_ago
    from handovers
    inner join contacts
        on
            handovers.state = contacts.state
            and handovers.svid = contacts.svid
    union all
    select
        cast(null as varchar) as experiment,
        executions.channel,
        contacts.voter_number,
        {{ contact_on('executions.channel', 'contacts') }} as contact_number,
        0 as days_ago
    from executions
    inner join contacts
        on
            executions.state = contacts.state
            and executions.svid = contacts.svid
    where
        executions.decision = 'proposed'
        and executions.action = 'send'
),

reached_contacts as (
    select distinct
        experiment,
        contact_number
    from sent
    where experiment is not null
),

{{ contact_rooms() }},

{{ sending_hours('candidates') }},

-- The first reason that fits. Each of the next steps ranks what is left without one.
held as (
    select
        candidates.*,
        own_messages.handed_over_at,
        cast(extract(hour from sending_hours.opens_at) as bigint) as send_from_utc,
        cast(extract(hour from sending_hours.closes_at) as bigint) as send_until_utc,
        coalesce(own_rooms.room, channel_rooms.room) as channel_room,
        coalesce(person_rooms.room, total_rooms.room) as total_room,
        own_messages.message_key is not null as is_handed_over,
        case
            when own_messages.message_key is not null then 'none'
            when candidates.is_in_global_holdout then 'global_holdout'
            when
                candidates.is_minor
                or candidates.contact_number is null
                or permissions.contact_blocked_by is not null
                or not {{ may_use('candidates.channel', 'permissions') }}
                or (candidates.asks_for_gift and not permissions.may_solicit)
                then 'no_permission'
            when reached_contacts.contact_number is not null then 'same_address'
        end as reason_by_itself
    from candidates
    inner join permissions
        on candidates.voter_number = permissions.voter_number
    -- Most people got no message yet, and a channel may have no cap and no quiet hours.
    left join handovers as own_messages
        on candidates.message_key = own_messages.message_key
    left join reached_contacts
        on
            candidates.experiment = reached_contacts.experiment
            and candidates.contact_number = reached_contacts.contact_number
    left join sending_hours
        on
            candidates.state = sending_hours.state
            and candidates.zone_key = sending_hours.zone_key
            and candidates.channel = sending_hours.channel
    left join least_rooms as own_rooms
        on
            candidates.channel = own_rooms.channel
            and candidates.contact_number = own_rooms.contact_number
    left join whole_rooms as channel_rooms
        on candidates.channel = channel_rooms.channel
    left join least_rooms as person_rooms
        on
            person_rooms.channel = 'any'
            and candidates.voter_number = person_rooms.contact_number
    left join whole_rooms as total_rooms
        on total_rooms.channel = 'any'
),

addressed as (
    select
        *,
        case
            when
                reason_by_itself is null
                and row_number() over (
                    partition by reason_by_itself is null, experiment, contact_number
                    order by state, svid
                ) > 1
                then 'same_address'
            else reason_by_itself
        end as reason_of_address
    from held
),

capped as (
    select
        *,
        case
            when
                reason_of_address is null
                and row_number() over (
                    partition by reason_of_address is null, channel, contact_number
                    order by experiment, state, svid
                ) > channel_room
                then 'channel_cap'
            else reason_of_address
        end as reason_of_channel
    from addressed
),

totaled as (
    select
        *,
        case
            when
                reason_of_channel is null
                and row_number() over (
                    partition by reason_of_channel is null, voter_number
                    order by experiment
                ) > total_room
                then 'total_cap'
            else reason_of_channel
        end as reason
    from capped
),

messages as (
    select
        experiment,
        arm,
        state,
        svid,
        message_key,
        case
            when is_handed_over then 'handed_over'
            when reason is null then 'proposed'
            else 'suppressed'
        end as decision,
        case when not is_handed_over then reason end as reason,
        channel,
        template,
        asks_for_gift,
        ends_on as expires_on,
        send_from_utc,
        send_until_utc,
        handed_over_at,
        '{{ invocation_id }}' as build_id
    from totaled
)

select * from messages
