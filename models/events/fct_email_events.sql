with email_events as (
    select * from {{ ref('fct_email_rows') }}
),

voter_addresses as (
    select * from {{ ref('lnk_voter_address') }}
),

accepted as {{ materialized() }} (
    select
        *,
        {{ event_key() }} as event_key,
        {{ short_hash(event_key()) }} as event_hash
    from email_events
    where
        {{ is_accepted_event() }}
        and email_key in (select voter_addresses.email_key from voter_addresses)
),

-- Few events were delivered twice, and only these need an order. Two keys may share a hash; the key decides below.
repeated_hashes as (
    select event_hash
    from accepted
    group by event_hash
    having count(*) > 1
),

-- Rows with one id are one event; without an id, rows that agree in every column are. The first row stays (F16).
ranked as (
    select
        *,
        count(*) over (partition by event_key) as delivered_rows,
        row_number() over ({{ first_of_event() }}) as row_in_event
    from accepted
    where event_hash in (select repeated_hashes.event_hash from repeated_hashes)
),

deduplicated as {{ materialized() }} (
    select *
    from ranked
    where row_in_event = 1
    union all
    select
        *,
        1 as delivered_rows,
        1 as row_in_event
    from accepted
    where
        not exists (
            select 1
            from repeated_hashes
            where repeated_hashes.event_hash = accepted.event_hash
        )
),

-- Mailings (an address and a campaign) with an event that is not itself a send.
answered_mailings as (
    select distinct
        email_key,
        campaign_id
    from deduplicated
    where
        sends <= 0
        and campaign_id is not null
),

-- An event answers the latest send of its mailing at or before it, else the first later one (F31).
dated as (
    select
        deduplicated.*,
        coalesce(
            max(case when deduplicated.sends > 0 then deduplicated.event_at end) over (
                partition by deduplicated.email_key, deduplicated.campaign_id
                order by deduplicated.event_at
                range between unbounded preceding and current row
            ),
            min(case when deduplicated.sends > 0 then deduplicated.event_at end) over (
                partition by deduplicated.email_key, deduplicated.campaign_id
            )
        ) as sent_at
    from deduplicated
    inner join answered_mailings
        on
            deduplicated.email_key = answered_mailings.email_key
            and deduplicated.campaign_id = answered_mailings.campaign_id
),

united as (
    select
        *,
        event_at as sent_at
    from deduplicated
    where
        sends > 0
        or campaign_id is null
    union all
    select * from dated
    where sends <= 0
),

-- A row caused by a machine counts as a send only, but an opt-out on it holds (docs/definitions.md, "Events").
humanized as (
    select
        event_key,
        email_key,
        campaign_id,
        client_shortname,
        event_at,
        {{ week_start('coalesce(sent_at, event_at)') }} as week_start,
        is_bot as is_machine,
        sends,
        case when is_bot then 0 else opens end as opens,
        case when is_bot then 0 else clicks end as clicks,
        case when is_bot then 0 else bounces end as bounces,
        case when is_bot then 0 else complaints end as complaints,
        case when is_bot then 0 else unsubs end as unsubs,
        opens + clicks > 0 as is_answer,
        not is_bot and opens + clicks > 0 as is_engagement,
        unsubs + complaints > 0 as is_opt_out,
        clicks > 0 as has_any_click,
        delivered_rows
    from united
)

select * from humanized
-- The rows of an address lie together, so that the address is stored once.
order by email_key
