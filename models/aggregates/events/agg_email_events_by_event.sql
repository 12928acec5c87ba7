with email_events as (
    select * from {{ ref('agg_email_events_by_row') }}
),

voter_addresses as (
    select * from {{ ref('lnk_voter_address') }}
),

accepted as (
    select
        {{ event_key() }} as event_key,
        email_key,
        campaign_id,
        client_shortname,
        event_at,
        sends,
        opens,
        clicks,
        bounces,
        complaints,
        unsubs,
        is_bot
    from email_events
    where
        {{ is_accepted_event() }}
        and email_key in (select voter_addresses.email_key from voter_addresses)
),

-- One event per id; without an id, one per set of columns. The first in interface order stays (F16).
numbered as (
    select
        event_key,
        email_key,
        campaign_id,
        client_shortname,
        event_at,
        sends,
        opens,
        clicks,
        bounces,
        complaints,
        unsubs,
        is_bot,
        count(*) over (partition by event_key) as delivered_rows,
        row_number() over ({{ first_of_event() }}) as row_in_event
    from accepted
),

kept as (
    select
        event_key,
        email_key,
        campaign_id,
        client_shortname,
        event_at,
        sends,
        opens,
        clicks,
        bounces,
        complaints,
        unsubs,
        is_bot,
        delivered_rows,
        -- The send that the event answers: the latest at or before it, else the first later one (F31).
        case
            when campaign_id is not null
                then coalesce(
                    max(case when sends > 0 then event_at end) over (
                        partition by email_key, campaign_id
                        order by event_at
                        range between unbounded preceding and current row
                    ),
                    min(case when sends > 0 then event_at end) over (partition by email_key, campaign_id)
                )
        end as sent_at
    from numbered
    where row_in_event = 1
),

-- A machine's row counts as a send only; an opt-out on it still holds (definitions.md, "Events").
humanized as (
    select
        event_key,
        email_key,
        campaign_id,
        client_shortname,
        event_at,
        {{ week_start('coalesce(sent_at, event_at)') }} as week_start,
        is_bot,
        sends,
        case when is_bot then 0 else opens end as opens,
        case when is_bot then 0 else clicks end as clicks,
        case when is_bot then 0 else bounces end as bounces,
        case when is_bot then 0 else complaints end as complaints,
        case when is_bot then 0 else unsubs end as unsubs,
        not is_bot and opens + clicks > 0 as is_engagement,
        unsubs + complaints > 0 as is_opt_out,
        clicks > 0 as has_any_click,
        delivered_rows
    from kept
)

select * from humanized
-- The rows of an address lie together, so that it is stored once.
order by email_key
