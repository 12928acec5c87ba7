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

contacts as (
    select * from {{ ref('agg_contacts_by_voter') }}
),

quiet_hours as (
    select * from {{ ref('quiet_hours') }}
),

time_zones as (
    select * from {{ ref('time_zones') }}
),

county_time_zones as (
    select * from {{ ref('county_time_zones') }}
),

-- Events are known to the end of the clock's day.
clock as (
    select
        {{ as_of_date() }} as as_of_date,
        {{ add_seconds('cast(' ~ as_of_date() ~ ' as timestamp)', 86399) }} as known_through,
        {{ rule_value('trigger_rules', 'default_cooldown_days') }} as default_cooldown_days,
        {{ rule_value('trigger_rules', 'default_expires_days') }} as default_expires_days
),

-- A person who enters again within the cooldown has only the later entry.
followed as (
    select
        entries.*,
        triggers.priority,
        cast(coalesce(triggers.cooldown_days, clock.default_cooldown_days) as bigint) as cooldown_days,
        cast(coalesce(triggers.expires_days, clock.default_expires_days) as bigint) as expires_days,
        clock.as_of_date,
        clock.known_through,
        lead(entries.entered_at) over (
            partition by entries.trigger_name, entries.voter_number
            order by entries.entered_at, entries.entry_key
        ) as next_entered_at
    from entries
    inner join triggers
        on entries.trigger_name = triggers.name
    cross join clock
    where entries.is_started
),

staged as (
    select
        followed.*,
        trigger_steps.step,
        trigger_steps.action,
        trigger_steps.channel,
        trigger_steps.template,
        trigger_steps.wait_minutes,
        {{ surrogate_key(['followed.trigger_name', 'followed.state', 'followed.svid', 'followed.entry_key',
            'trigger_steps.step']) }} as message_key
    from followed
    inner join trigger_steps
        on followed.trigger_name = trigger_steps.name
),

sent as (
    select
        staged.*,
        handovers.message_key is not null as is_handed_over,
        handovers.handed_over_at,
        -- A time that is not known is that of the entry.
        case
            when staged.step = 1 then staged.entered_at
            else
                lag(case
                    when handovers.message_key is not null then coalesce(handovers.handed_over_at, staged.entered_at)
                end) over (
                    partition by staged.trigger_name, staged.voter_number, staged.entry_key
                    order by staged.step
                )
        end as waits_since
    from staged
    -- Most steps were never handed over.
    left join handovers
        on staged.message_key = handovers.message_key
),

-- A step waits from the hand-over of the step before; until then it is none.
waiting as (
    select
        sent.*,
        {{ add_seconds('sent.waits_since', 'sent.wait_minutes * 60') }} as wait_ends_at,
        contacts.zone_key,
        coalesce(own_hours.quiet_from, any_hours.quiet_from) as quiet_from,
        coalesce(own_hours.quiet_to, any_hours.quiet_to) as quiet_to,
        coalesce(own_hours.is_local, any_hours.is_local) as is_local
    from sent
    inner join contacts
        on sent.voter_number = contacts.voter_number
    -- Few states have hours of their own, and a channel may have none.
    left join quiet_hours as own_hours
        on
            sent.state = own_hours.state
            and sent.channel = own_hours.channel
    left join quiet_hours as any_hours
        on
            any_hours.state = 'any'
            and sent.channel = any_hours.channel
    where
        sent.is_handed_over
        or {{ add_seconds('sent.waits_since', 'sent.wait_minutes * 60') }} <= sent.known_through
),

{{ sending_windows('waiting') }},

numbered_windows as (
    select
        waiting.message_key,
        sending_windows.opens_at,
        sending_windows.closes_at,
        row_number() over (partition by waiting.message_key order by sending_windows.opens_at) as window_number
    from waiting
    inner join sending_windows
        on
            waiting.zone_key = sending_windows.zone_key
            and waiting.quiet_from = sending_windows.quiet_from
            and waiting.quiet_to = sending_windows.quiet_to
            and waiting.is_local = sending_windows.is_local
            and cast(waiting.wait_ends_at as date) = sending_windows.due_on
            and waiting.wait_ends_at < sending_windows.closes_at
),

-- The first moment after the wait that is not quiet.
due as (
    select
        waiting.*,
        case
            when waiting.quiet_from is null then waiting.wait_ends_at
            else greatest(waiting.wait_ends_at, coalesce(numbered_windows.opens_at, waiting.wait_ends_at))
        end as due_at,
        cast(extract(hour from numbered_windows.opens_at) as bigint) as send_from_utc,
        cast(extract(hour from numbered_windows.closes_at) as bigint) as send_until_utc,
        waiting.quiet_from is not null and numbered_windows.opens_at is null as is_always_quiet
    from waiting
    -- Most channels have no quiet hours, and of steps that are long past none are looked up.
    left join numbered_windows
        on
            waiting.message_key = numbered_windows.message_key
            and numbered_windows.window_number = 1
),

-- An event stops a step if it came after the entry, or after the message that the step waits for. One with a date only
-- may have come later that day.
stopped as (
    select
        due.message_key,
        max(case when trigger_events.role = 'exit' then 1 else 0 end) as is_exited,
        max(case when trigger_events.role = 'unless' then 1 else 0 end) as is_guarded
    from due
    inner join trigger_events
        on
            due.trigger_name = trigger_events.name
            and (
                trigger_events.role = 'exit'
                or (trigger_events.role = 'unless' and due.step = trigger_events.step)
            )
    inner join voter_events
        on
            due.voter_number = voter_events.voter_number
            and trigger_events.event_type = voter_events.event_type
    where
        (
            trigger_events.role = 'exit'
            and {{ is_not_before('voter_events.occurred_at', 'due.entered_at') }}
            -- The event that began the entry does not end it.
            and not (due.is_by_event and voter_events.occurred_at = due.entered_at)
        )
        or (
            trigger_events.role = 'unless'
            and {{ is_not_before('voter_events.occurred_at', 'due.waits_since') }}
        )
    group by due.message_key
),

judged as (
    select
        due.message_key,
        due.trigger_name,
        due.voter_number,
        due.state,
        due.svid,
        due.entry_key,
        due.entered_at,
        due.step,
        due.action,
        due.channel,
        due.template,
        due.priority,
        due.cooldown_days,
        due.status,
        due.bucket,
        due.is_in_global_holdout,
        due.is_held_out,
        due.is_handed_over,
        due.handed_over_at,
        due.due_at,
        {{ add_days('due.due_at', 'due.expires_days') }} as expires_on,
        due.send_from_utc,
        due.send_until_utc,
        due.known_through,
        coalesce(stopped.is_exited = 1, false) as is_exited,
        coalesce(stopped.is_guarded = 1, false) as is_guarded,
        {{ days_between('due.due_at', 'due.as_of_date') }} > due.expires_days as is_expired,
        coalesce(
            due.next_entered_at <= {{ add_seconds('due.entered_at', 'due.cooldown_days * 86400') }}, false
        ) as is_superseded
    from due
    -- Few steps are stopped.
    left join stopped
        on due.message_key = stopped.message_key
    where
        due.is_handed_over
        or (due.status = 'active' and due.due_at <= due.known_through and not due.is_always_quiet)
)

select * from judged
