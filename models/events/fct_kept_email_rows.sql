with email_events as (
    select * from {{ ref('fct_email_rows') }}
),

voter_addresses as (
    select * from {{ ref('lnk_voter_address') }}
),

linked as (
    select
        *,
        email_key in (select voter_addresses.email_key from voter_addresses) as is_of_voter
    from email_events
    where {{ is_accepted_event() }}
),

-- Only clicks are read of people outside the voter file. A row without a click covers no click.
accepted as {{ materialized() }} (
    select
        *,
        {{ short_hash(message_lookup()) }} as message_hash
    from linked
    where
        is_of_voter
        or clicks > 0
),

-- Only messages with several rows need a key and an order.
repeated_hashes as (
    select message_hash
    from accepted
    group by message_hash
    having count(*) > 1
),

repeated as (
    select
        *,
        {{ message_key() }} as message_key
    from accepted
    where message_hash in (select repeated_hashes.message_hash from repeated_hashes)
),

-- Of the rows of a message with equal flags the first one stays (F16).
ranked as (
    select
        *,
        count(*) over (
            partition by message_key, sends, opens, clicks, bounces, complaints, unsubs
        ) as equal_rows,
        row_number() over (
            partition by message_key, sends, opens, clicks, bounces, complaints, unsubs
            order by event_at, link nulls last, source_file, source_row_number
        ) as row_of_flags,
        sends + opens + clicks + bounces + complaints + unsubs as flag_sum
    from repeated
),

distinct_flags as {{ materialized() }} (
    select *
    from ranked
    where row_of_flags = 1
),

-- A row is covered by another row of its message whose flags are all at least as large and one larger. The covering row
-- with the largest flags is itself not covered.
covered as (
    select
        lesser.source_file,
        lesser.source_row_number,
        lesser.equal_rows,
        larger.source_file as kept_source_file,
        larger.source_row_number as kept_source_row_number,
        row_number() over (
            partition by lesser.source_file, lesser.source_row_number
            order by larger.flag_sum desc, larger.event_at asc, larger.source_file asc, larger.source_row_number asc
        ) as choice
    from distinct_flags as lesser
    inner join distinct_flags as larger
        on
            lesser.message_key = larger.message_key
            and lesser.sends <= larger.sends
            and lesser.opens <= larger.opens
            and lesser.clicks <= larger.clicks
            and lesser.bounces <= larger.bounces
            and lesser.complaints <= larger.complaints
            and lesser.unsubs <= larger.unsubs
            and lesser.flag_sum < larger.flag_sum
),

counted_by_kept_row as (
    select
        kept_source_file,
        kept_source_row_number,
        cast(sum(equal_rows) as bigint) as covered_rows
    from covered
    where choice = 1
    group by kept_source_file, kept_source_row_number
),

deduplicated as {{ materialized() }} (
    select
        distinct_flags.*,
        distinct_flags.equal_rows + coalesce(counted_by_kept_row.covered_rows, 0) as delivered_rows
    from distinct_flags
    -- Most rows cover no other.
    left join counted_by_kept_row
        on
            distinct_flags.source_file = counted_by_kept_row.kept_source_file
            and distinct_flags.source_row_number = counted_by_kept_row.kept_source_row_number
    where
        not exists (
            select 1
            from covered
            where
                covered.source_file = distinct_flags.source_file
                and covered.source_row_number = distinct_flags.source_row_number
        )
    {{ union_all_by_name() }}
    select
        *,
        cast(1 as bigint) as delivered_rows
    from accepted
    where
        not exists (
            select 1
            from repeated_hashes
            where repeated_hashes.message_hash = accepted.message_hash
        )
),

-- Mailings (an address and a campaign) with an event that is not itself a send.
answered_mailings as (
    select distinct
        email_key,
        campaign_id
    from deduplicated
    where
        is_of_voter
        and sends <= 0
        and campaign_id is not null
),

-- An event answers the latest send of its mailing at or before it, else the first later one (F31).
answers as (
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

dated as (
    select *
    from answers
    where sends <= 0
    union all
    select
        *,
        cast(null as timestamp) as sent_at
    from deduplicated
    where
        not is_of_voter
        or sends > 0
        or campaign_id is null
),

kept as (
    select
        source_file,
        source_row_number,
        is_of_voter,
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
        event_id,
        link,
        sent_at,
        delivered_rows
    from dated
)

select * from kept
