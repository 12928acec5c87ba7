with email_events as (
    select * from {{ ref('fct_kept_email_rows') }}
),

burst_rules as (
    select *
    from {{ ref('machine_rules') }}
    where rule in ('burst_clicks', 'burst_campaigns', 'burst_links')
),

widest_burst as (
    select
        max(within_seconds) as within_seconds,
        min(more_than) as more_than
    from burst_rules
),

-- Midnight sharp is a date without a time of day: it makes no burst.
clicked as (
    select *
    from email_events
    where
        clicks > 0
        and event_at <> date_trunc('day', event_at)
),

busy_addresses as (
    select clicked.email_key
    from clicked
    cross join widest_burst
    group by clicked.email_key, widest_burst.more_than
    having count(*) > widest_burst.more_than
),

-- Few clicks have enough others near them for any burst, and only these are examined rule by rule.
counted_nearby as (
    select
        clicked.*,
        widest_burst.more_than as fewest,
        {{ rows_around('email_key', 'event_at', 'widest_burst.within_seconds') }} as nearby_clicks
    from clicked
    cross join widest_burst
    where clicked.email_key in (select busy_addresses.email_key from busy_addresses)
),

counted_things as (
    select
        burst_rules.rule,
        burst_rules.sort_order,
        burst_rules.within_seconds,
        burst_rules.more_than,
        counted_nearby.email_key,
        counted_nearby.event_at,
        case burst_rules.rule
            when 'burst_clicks'
                then counted_nearby.source_file || chr(31) || cast(counted_nearby.source_row_number as varchar)
            when 'burst_campaigns' then counted_nearby.campaign_id
            when 'burst_links' then counted_nearby.link
        end as thing
    from counted_nearby
    cross join burst_rules
    where counted_nearby.nearby_clicks > counted_nearby.fewest
),

-- Each click opens a window; both ends belong to it.
windowed as (
    select
        rule,
        sort_order,
        more_than,
        email_key,
        event_at as first_at,
        {{ distinct_following('thing', 'rule, email_key', 'event_at', 'within_seconds') }} as things,
        {{ last_following('event_at', 'rule, email_key', 'event_at', 'within_seconds') }} as last_at
    from counted_things
    where thing is not null
),

-- Clicks of one moment open the same window: one row, so that the order below has no ties.
crowded as (
    select
        rule,
        sort_order,
        email_key,
        first_at,
        max(last_at) as last_at
    from windowed
    where things > more_than
    group by rule, sort_order, email_key, first_at
),

overlapping as (
    select
        *,
        max(last_at) over (
            partition by rule, email_key
            order by first_at
            rows between unbounded preceding and 1 preceding
        ) as earlier_last_at
    from crowded
),

joined_windows as (
    select
        *,
        sum(case when first_at <= earlier_last_at then 0 else 1 end) over (
            partition by rule, email_key
            order by first_at
            rows between unbounded preceding and current row
        ) as burst_number
    from overlapping
),

bursts as (
    select
        rule,
        sort_order,
        email_key,
        min(first_at) as first_at,
        max(last_at) as last_at
    from joined_windows
    group by rule, sort_order, email_key, burst_number
)

select * from bursts
