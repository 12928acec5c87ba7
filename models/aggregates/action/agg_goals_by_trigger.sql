with entries as (
    select * from {{ ref('agg_entries_by_trigger_voter') }}
),

triggers as (
    select * from {{ ref('stg_definitions__triggers') }}
),

trigger_steps as (
    select * from {{ ref('stg_definitions__trigger_steps') }}
),

trigger_events as (
    select * from {{ ref('stg_definitions__trigger_events') }}
),

handovers as (
    select * from {{ ref('stg_action__handovers') }}
),

voter_events as (
    select * from {{ ref('fct_voter_events') }}
),

event_types as (
    select * from {{ ref('event_types') }}
),

contacts as (
    select * from {{ ref('agg_contacts_by_voter') }}
),

permissions as (
    select * from {{ ref('contact_permissions') }}
),

suppressions as (
    select * from {{ ref('lnk_voter_suppression') }}
),

-- The channel of the first message decides who could have got it.
first_messages as (
    select
        name,
        min_by(channel, step) as channel
    from trigger_steps
    where action = 'send'
    group by name
),

-- A paused trigger is judged up to its last message: who entered later was not treated.
last_messages as (
    select
        trigger_name,
        cast(max(handed_over_at) as date) as last_message_on
    from handovers
    where trigger_name is not null
    group by trigger_name
),

-- Each person counts with the first entry.
first_entries as (
    select
        *,
        row_number() over (partition by trigger_name, voter_number order by entered_at, entry_key) as entry_number
    from entries
    where not is_in_global_holdout
),

measured as (
    select
        first_entries.*,
        triggers.goal_days,
        triggers.goal_at_least,
        coalesce(first_messages.channel, 'none') as channel,
        first_entries.is_started
        and {{ days_between('first_entries.entered_at', as_of_date()) }} >= triggers.goal_days
        and (
            first_entries.status = 'active'
            or cast(first_entries.entered_at as date) <= last_messages.last_message_on
        ) as is_complete
    from first_entries
    inner join triggers
        on first_entries.trigger_name = triggers.name
    -- A trigger may send nothing itself, and may not have sent anything yet.
    left join first_messages
        on first_entries.trigger_name = first_messages.name
    left join last_messages
        on first_entries.trigger_name = last_messages.trigger_name
    where first_entries.entry_number = 1
),

opted_out as (
    select
        voter_events.voter_number,
        event_types.channel,
        min(voter_events.occurred_at) as first_opt_out_at
    from voter_events
    inner join event_types
        on voter_events.event_type = event_types.event_type
    where event_types.role = 'opt_out'
    group by voter_events.voter_number, event_types.channel
),

-- Permission on the day of the entry. An opt-out that came later may be the message's own doing: to leave those people
-- out would flatter the trigger.
permitted as (
    select measured.*
    from measured
    inner join contacts
        on measured.voter_number = contacts.voter_number
    inner join permissions
        on measured.voter_number = permissions.voter_number
    -- Few people opted out or are suppressed.
    left join opted_out
        on
            measured.voter_number = opted_out.voter_number
            and opted_out.channel = case measured.channel when 'email' then 'email' else 'sms' end
    left join suppressions
        on
            measured.state = suppressions.state
            and measured.svid = suppressions.svid
    where
        not contacts.is_minor
        and coalesce(permissions.contact_blocked_by, '') not in ('permitted_use_of_state', 'permitted_use')
        and (measured.channel = 'none' or {{ contact_on('measured.channel', 'contacts') }} is not null)
        and (
            measured.channel = 'none'
            or (
                coalesce(opted_out.first_opt_out_at > measured.entered_at, true)
                and coalesce(
                    case measured.channel
                        when 'email' then suppressions.email_suppressed_from
                        else suppressions.phone_suppressed_from
                    end > cast(measured.entered_at as date),
                    true
                )
            )
        )
),

reached as (
    select
        permitted.trigger_name,
        permitted.voter_number
    from permitted
    inner join trigger_events
        on
            permitted.trigger_name = trigger_events.name
            and trigger_events.role = 'goal'
    inner join voter_events
        on
            permitted.voter_number = voter_events.voter_number
            and trigger_events.event_type = voter_events.event_type
    where
        permitted.is_complete
        and {{ is_not_before('voter_events.occurred_at', 'permitted.entered_at') }}
        and not (permitted.is_by_event and voter_events.occurred_at = permitted.entered_at)
        and {{ days_between('permitted.entered_at', 'voter_events.occurred_at') }} <= permitted.goal_days
    group by permitted.trigger_name, permitted.voter_number, permitted.goal_at_least
    having count(*) >= permitted.goal_at_least
),

summed as (
    select
        permitted.trigger_name,
        cast(count(case when permitted.is_complete then 1 end) as bigint) as entered,
        cast(count(case when permitted.is_complete and not permitted.is_held_out then 1 end) as bigint) as treated,
        cast(count(case when permitted.is_complete and permitted.is_held_out then 1 end) as bigint) as held_out,
        cast(count(case when not permitted.is_held_out then reached.voter_number end) as bigint) as goal_treated,
        cast(count(case when permitted.is_held_out then reached.voter_number end) as bigint) as goal_held_out,
        cast(count(*) as bigint) as people
    from permitted
    -- Most people do not reach the goal.
    left join reached
        on
            permitted.trigger_name = reached.trigger_name
            and permitted.voter_number = reached.voter_number
    group by permitted.trigger_name
)

select * from summed
