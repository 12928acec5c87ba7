{#- When messages of triggers may go out, and what an event means for a step. -#}

{#-
    Did an event come at or after a moment? One at exactly 00:00:00 has a date only, and may have come at any time of that
    day: when in doubt it counts, because it stops a message.
-#}
{% macro is_not_before(occurred_at, moment) -%}
    (
        {{ occurred_at }} >= {{ moment }}
        or (
            {{ occurred_at }} = date_trunc('day', {{ occurred_at }})
            and cast({{ occurred_at }} as date) = cast({{ moment }} as date)
        )
    )
{%- endmacro %}

{#-
    CTEs that end in `sending_windows`: from when to when messages may go out around the day on which a wait ends, for each
    zone and rule of `waiting`. An hour is quiet if it is so in one of the zones in which the voter may live. Days that are
    long past are left out.
-#}
{% macro sending_windows(waiting) -%}
zones as (
    select
        time_zone as zone_key,
        time_zone
    from time_zones
    union
    select
        time_zone as zone_key,
        time_zone
    from county_time_zones
    union
    select
        'any' as zone_key,
        time_zone
    from time_zones
    union
    select
        'state ' || state as zone_key,
        time_zone
    from time_zones
    union
    select
        'state ' || state as zone_key,
        time_zone
    from county_time_zones
),

quiet_rules as (
    select distinct
        zone_key,
        quiet_from,
        quiet_to,
        is_local,
        cast(wait_ends_at as date) as due_on
    from {{ waiting }}
    where
        quiet_from is not null
        and not is_handed_over
        and {{ days_between('wait_ends_at', 'as_of_date') }} <= expires_days + 3
),

numbered_slots as (
    select
        quiet_rules.*,
        {{ numbers_up_to(95) }} as slot_number
    from quiet_rules
),

dated_slots as (
    select
        *,
        {{ add_seconds('cast(' ~ add_days('due_on', '-1') ~ ' as timestamp)', 'slot_number * 3600') }} as slot_at
    from numbered_slots
),

hours as (
    select
        dated_slots.*,
        extract(hour from case
            when dated_slots.is_local then {{ local_time('dated_slots.slot_at', 'zones.time_zone') }}
            else dated_slots.slot_at
        end) as hour_of_day
    from dated_slots
    inner join zones
        on dated_slots.zone_key = zones.zone_key
),

open_slots as (
    select
        zone_key,
        quiet_from,
        quiet_to,
        is_local,
        due_on,
        slot_at,
        slot_number
    from hours
    group by zone_key, quiet_from, quiet_to, is_local, due_on, slot_at, slot_number
    having
        max(case
            when quiet_from < quiet_to and hour_of_day >= quiet_from and hour_of_day < quiet_to then 1
            when quiet_from > quiet_to and (hour_of_day >= quiet_from or hour_of_day < quiet_to) then 1
            else 0
        end) = 0
),

runs as (
    select
        *,
        slot_number - row_number() over (
            partition by zone_key, quiet_from, quiet_to, is_local, due_on
            order by slot_number
        ) as run_number
    from open_slots
),

sending_windows as (
    select
        zone_key,
        quiet_from,
        quiet_to,
        is_local,
        due_on,
        min(slot_at) as opens_at,
        {{ add_seconds('max(slot_at)', 3600) }} as closes_at
    from runs
    group by zone_key, quiet_from, quiet_to, is_local, due_on, run_number
)
{%- endmacro %}

{#- The number of the mailbox or phone that a channel reaches; `contacts` are rows of agg_contacts_by_voter. -#}
{% macro contact_on(channel, contacts) -%}
    case {{ channel }}
        when 'email' then {{ contacts }}.email_contact
        when 'sms' then {{ contacts }}.phone_contact
        when 'phone' then {{ contacts }}.phone_contact
    end
{%- endmacro %}

{#- Does a channel of contact_permissions allow a message? -#}
{% macro may_use(channel, permissions) -%}
    coalesce(case {{ channel }}
        when 'email' then {{ permissions }}.may_email
        when 'sms' then {{ permissions }}.may_text
        when 'phone' then {{ permissions }}.may_phone
    end, false)
{%- endmacro %}

{#- The one order in which proposals take their places: rows of agg_steps_by_entry. -#}
{% macro proposal_order() -%}
    priority desc, due_at, trigger_name, entry_key, state, svid, step
{%- endmacro %}

{#-
    CTEs that say how many more messages each cap allows: to a mailbox or phone on its channel, and to a person on all
    channels (`least_rooms`; `whole_rooms` for those who got none). They read `sent`, messages with channel,
    contact_number, voter_number and days_ago, and `caps`.
-#}
{% macro contact_rooms() -%}
rooms as (
    select
        sent.channel,
        sent.contact_number,
        caps.at_most - count(case when sent.days_ago < caps.days then 1 end) as room
    from sent
    inner join caps
        on sent.channel = caps.channel
    group by sent.channel, sent.contact_number, caps.days, caps.at_most
    union all
    select
        'any' as channel,
        sent.voter_number as contact_number,
        caps.at_most - count(case when sent.days_ago < caps.days then 1 end) as room
    from sent
    inner join caps
        on
            caps.channel = 'any'
            and sent.channel in ('email', 'sms', 'phone')
    group by sent.voter_number, caps.days, caps.at_most
),

least_rooms as (
    select
        channel,
        contact_number,
        min(room) as room
    from rooms
    group by channel, contact_number
),

whole_rooms as (
    select
        channel,
        min(at_most) as room
    from caps
    group by channel
)
{%- endmacro %}

{#-
    CTEs that end in `sending_hours`: from when to when messages may go out today, by channel, state and zone_key of
    `candidates`. A channel without quiet hours has no row.
-#}
{% macro sending_hours(candidates) -%}
quiet_hours as (
    select * from {{ ref('quiet_hours') }}
),

time_zones as (
    select * from {{ ref('time_zones') }}
),

county_time_zones as (
    select * from {{ ref('county_time_zones') }}
),

waiting as (
    select distinct
        candidates.channel,
        candidates.state,
        candidates.zone_key,
        coalesce(own_hours.quiet_from, any_hours.quiet_from) as quiet_from,
        coalesce(own_hours.quiet_to, any_hours.quiet_to) as quiet_to,
        coalesce(own_hours.is_local, any_hours.is_local) as is_local,
        cast(candidates.as_of_date as timestamp) as wait_ends_at,
        candidates.as_of_date,
        0 as expires_days,
        false as is_handed_over
    from {{ candidates }} as candidates
    -- Few states have hours of their own, and a channel may have none.
    left join quiet_hours as own_hours
        on
            candidates.state = own_hours.state
            and candidates.channel = own_hours.channel
    left join quiet_hours as any_hours
        on
            any_hours.state = 'any'
            and candidates.channel = any_hours.channel
),

{{ sending_windows('waiting') }},

sending_hours as (
    select
        waiting.channel,
        waiting.state,
        waiting.zone_key,
        min(sending_windows.opens_at) as opens_at,
        min_by(sending_windows.closes_at, sending_windows.opens_at) as closes_at
    from waiting
    inner join sending_windows
        on
            waiting.zone_key = sending_windows.zone_key
            and waiting.quiet_from = sending_windows.quiet_from
            and waiting.quiet_to = sending_windows.quiet_to
            and waiting.is_local = sending_windows.is_local
            and waiting.wait_ends_at < sending_windows.closes_at
    group by waiting.channel, waiting.state, waiting.zone_key
)
{%- endmacro %}
