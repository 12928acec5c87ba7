with steps as (
    select * from {{ ref('agg_steps_by_entry') }}
),

handovers as (
    select * from {{ ref('stg_action__handovers') }}
),

contacts as (
    select * from {{ ref('agg_contacts_by_voter') }}
),

permissions as (
    select * from {{ ref('contact_permissions') }}
),

templates as (
    select * from {{ ref('message_templates') }}
),

limits as (
    select * from {{ ref('agg_limits_by_step') }}
),

triggers as (
    select * from {{ ref('stg_definitions__triggers') }}
),

permitted as (
    select
        steps.*,
        limits.contact_number,
        limits.days_since_own,
        limits.days_since_shared,
        limits.channel_room,
        limits.total_room,
        coalesce(templates.asks_for_gift, false) as asks_for_gift,
        -- Tags and points reach nobody; a task leads to a contact.
        steps.action in ('add_tag', 'update_score')
        or (
            not contacts.is_minor
            and permissions.contact_blocked_by is null
            and (not coalesce(templates.asks_for_gift, false) or permissions.may_solicit)
            and (
                steps.action <> 'send'
                or ({{ may_use('steps.channel', 'permissions') }} and limits.contact_number is not null)
            )
        ) as is_permitted
    from steps
    inner join limits
        on steps.message_key = limits.message_key
    inner join contacts
        on steps.voter_number = contacts.voter_number
    inner join permissions
        on steps.voter_number = permissions.voter_number
    -- An action that is no message has no template.
    left join templates
        on
            steps.action = 'send'
            and steps.template = templates.template
),

-- The first reason that fits. Each of the next steps ranks what is left without one.
held as (
    select
        *,
        case
            when is_handed_over then 'none'
            when is_in_global_holdout then 'global_holdout'
            when is_held_out then 'holdout'
            when is_exited then 'exited'
            when is_guarded then 'guard'
            when is_expired then 'expired'
            when is_superseded then 'superseded'
            when not is_permitted then 'no_permission'
            when days_since_own < cooldown_days then 'cooldown'
        end as reason_by_itself
    from permitted
),

cooled as (
    select
        *,
        case
            when
                reason_by_itself is null
                and row_number() over (
                    partition by reason_by_itself is null, trigger_name, voter_number
                    order by entered_at desc, entry_key desc, step desc
                ) > 1
                then 'cooldown'
            when reason_by_itself is null and days_since_shared < cooldown_days then 'same_address'
            else reason_by_itself
        end as reason_of_person
    from held
),

addressed as (
    select
        *,
        case
            when
                reason_of_person is null
                and contact_number is not null
                and row_number() over (
                    partition by reason_of_person is null, trigger_name, step, channel, contact_number
                    order by {{ proposal_order() }}
                ) > 1
                then 'same_address'
            else reason_of_person
        end as reason_of_address
    from cooled
),

capped as (
    select
        *,
        case
            when
                reason_of_address is null
                and action = 'send'
                and row_number() over (
                    partition by reason_of_address is null, channel, contact_number
                    order by {{ proposal_order() }}
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
                and action = 'send'
                and row_number() over (
                    partition by reason_of_channel is null, action = 'send', voter_number
                    order by {{ proposal_order() }}
                ) > total_room
                then 'total_cap'
            else reason_of_channel
        end as reason
    from capped
),

decided as (
    select
        trigger_name,
        state,
        svid,
        entry_key,
        step,
        message_key,
        case
            when is_handed_over then 'handed_over'
            when reason is null then 'proposed'
            else 'suppressed'
        end as decision,
        case when not is_handed_over then reason end as reason,
        action,
        channel,
        template,
        asks_for_gift,
        priority,
        entered_at,
        due_at,
        expires_on,
        send_from_utc,
        send_until_utc,
        handed_over_at,
        bucket
    from totaled
    union all
    -- Late data or another definition may take back what a message answered. It was sent all the same.
    select
        handovers.trigger_name,
        handovers.state,
        handovers.svid,
        'ledger ' || handovers.message_key as entry_key,
        coalesce(handovers.step, 1) as step,
        handovers.message_key,
        'handed_over' as decision,
        cast(null as varchar) as reason,
        cast(null as varchar) as action,
        handovers.channel,
        handovers.template,
        cast(null as boolean) as asks_for_gift,
        cast(null as bigint) as priority,
        cast(null as timestamp) as entered_at,
        cast(null as timestamp) as due_at,
        cast(null as date) as expires_on,
        cast(null as bigint) as send_from_utc,
        cast(null as bigint) as send_until_utc,
        handovers.handed_over_at,
        {{ hash_bucket(
            'coalesce(triggers.salt, handovers.trigger_name)', voter_text('handovers.state', 'handovers.svid')
        ) }} as bucket
    from handovers
    left join steps
        on handovers.message_key = steps.message_key
    -- The trigger may be gone.
    left join triggers
        on handovers.trigger_name = triggers.name
    where
        steps.message_key is null
        and handovers.trigger_name is not null
        and handovers.svid is not null
        and handovers.state is not null
),

executions as (
    select
        trigger_name as trigger,
        state,
        svid,
        entry_key,
        step,
        message_key,
        decision,
        reason,
        action,
        channel,
        template,
        asks_for_gift,
        priority,
        entered_at,
        due_at,
        expires_on,
        send_from_utc,
        send_until_utc,
        {{ add_seconds('cast(' ~ as_of_date() ~ ' as timestamp)', 86399) }} as known_through,
        handed_over_at,
        bucket,
        '{{ invocation_id }}' as build_id
    from decided
)

select * from executions
