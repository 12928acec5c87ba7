with definitions as (
    select * from {{ ref('stg_definitions__definitions') }}
),

triggers as (
    select * from {{ ref('stg_definitions__triggers') }}
),

trigger_events as (
    select * from {{ ref('stg_definitions__trigger_events') }}
),

spells as (
    select * from {{ ref('segment_spells') }}
),

voter_events as (
    select * from {{ ref('fct_voter_events') }}
),

voters as (
    select * from {{ ref('key_voters') }}
),

clock as (
    select
        {{ as_of_date() }} as as_of_date,
        {{ rule_value('trigger_rules', 'preview_days') }} as preview_days
),

-- A trigger that has not started: the people of the last days who would have entered. They get nothing; only their
-- number counts.
started as (
    select
        triggers.*,
        definitions.status,
        definitions.status <> 'draft' and triggers.active_from <= clock.as_of_date as is_started,
        case
            when definitions.status <> 'draft' and triggers.active_from <= clock.as_of_date then triggers.active_from
            else {{ add_days('clock.as_of_date', '1 - clock.preview_days') }}
        end as first_day
    from triggers
    cross join clock
    inner join definitions
        on
            definitions.kind = 'trigger'
            and triggers.name = definitions.name
),

entered as (
    select
        started.*,
        voters.voter_number,
        voters.state,
        voters.svid,
        cast(spells.entered_on as timestamp) as entered_at
    from started
    inner join spells
        on
            started.enter_segment = spells.segment
            and started.first_day <= spells.entered_on
    inner join voters
        on
            spells.state = voters.state
            and spells.svid = voters.svid
    union all
    select
        started.*,
        voters.voter_number,
        voters.state,
        voters.svid,
        voter_events.occurred_at as entered_at
    from started
    inner join trigger_events
        on
            started.name = trigger_events.name
            and trigger_events.role = 'enter'
    inner join voter_events
        on
            trigger_events.event_type = voter_events.event_type
            and started.first_day <= cast(voter_events.occurred_at as date)
    inner join voters
        on voter_events.voter_number = voters.voter_number
    where
        (started.enter_topic is null or voter_events.topic = started.enter_topic)
        and (started.enter_client is null or voter_events.client_shortname = started.enter_client)
        and (started.enter_campaign is null or voter_events.campaign_id = started.enter_campaign)
        and (started.enter_at_least is null or voter_events.value >= started.enter_at_least)
),

-- What makes an entry the same one in the next build, late data or not.
keyed as (
    select
        *,
        case entry_key
            when 'spell' then cast(cast(entered_at as date) as varchar)
            when 'event' then cast(entered_at as varchar)
            when 'year' then cast(extract(year from entered_at) as varchar)
            when 'once' then 'once'
        end as key_of_entry
    from entered
),

grouped as (
    select
        name as trigger_name,
        voter_number,
        state,
        svid,
        key_of_entry as entry_key,
        status,
        is_started,
        enter_segment is null as is_by_event,
        salt,
        holdout_share,
        min(entered_at) as entered_at
    from keyed
    group by
        name, voter_number, state, svid, key_of_entry, status, is_started, enter_segment is null, salt, holdout_share
),

bucketed as (
    select
        *,
        {{ hash_bucket('coalesce(salt, trigger_name)', voter_text('state', 'svid')) }} as bucket,
        {{ hash_bucket("'global'", voter_text('state', 'svid')) }}
        < {{ rule_value('trigger_rules', 'global_holdout_share') }} as is_in_global_holdout
    from grouped
),

held_out as (
    select
        trigger_name,
        voter_number,
        state,
        svid,
        entry_key,
        entered_at,
        is_by_event,
        is_started,
        status,
        bucket,
        is_in_global_holdout,
        bucket < holdout_share as is_held_out
    from bucketed
)

select * from held_out
