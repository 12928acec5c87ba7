with email_events as (
    select * from {{ ref('fct_email_rows') }}
),

voter_addresses as (
    select * from {{ ref('lnk_voter_address') }}
),

accepted as {{ materialized() }} (
    select
        {{ event_key() }} as event_key,
        {{ short_hash(event_key()) }} as event_hash,
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

-- Few events came twice; the others need no order. Two keys of one hash are told apart below.
repeated_hashes as (
    select event_hash
    from accepted
    group by event_hash
    having count(*) > 1
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
    where event_hash in (select repeated_hashes.event_hash from repeated_hashes)
),

kept as {{ materialized() }} (
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
        delivered_rows
    from numbered
    where row_in_event = 1
    union all
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
        1 as delivered_rows
    from accepted
    where
        not exists (
            select 1
            from repeated_hashes
            where repeated_hashes.event_hash = accepted.event_hash
        )
),

-- A send is its own; only the others look for theirs, among the sends of their campaign to their address.
answered_mailings as (
    select distinct
        email_key,
        campaign_id
    from kept
    where
        sends <= 0
        and campaign_id is not null
),

-- The send that the event answers: the latest at or before it, else the first later one (F31).
answers as (
    select
        kept.event_key,
        kept.email_key,
        kept.campaign_id,
        kept.client_shortname,
        kept.event_at,
        kept.sends,
        kept.opens,
        kept.clicks,
        kept.bounces,
        kept.complaints,
        kept.unsubs,
        kept.is_bot,
        kept.delivered_rows,
        coalesce(
            max(case when kept.sends > 0 then kept.event_at end) over (
                partition by kept.email_key, kept.campaign_id
                order by kept.event_at
                range between unbounded preceding and current row
            ),
            min(case when kept.sends > 0 then kept.event_at end) over (
                partition by kept.email_key, kept.campaign_id
            )
        ) as sent_at
    from kept
    inner join answered_mailings
        on
            kept.email_key = answered_mailings.email_key
            and kept.campaign_id = answered_mailings.campaign_id
),

united as (
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
        event_at as sent_at
    from kept
    where
        sends > 0
        or campaign_id is null
    union all
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
        sent_at
    from answers
    where sends <= 0
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
    from united
)

select * from humanized
-- The rows of an address lie together, so that it is stored once.
order by email_key
