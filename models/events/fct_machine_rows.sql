with email_events as (
    select * from {{ ref('fct_kept_email_rows') }}
),

rules as (
    select * from {{ ref('machine_rules') }}
),

burst_rules as (
    select *
    from rules
    where rule in ('burst_clicks', 'burst_campaigns', 'burst_links')
),

widest_burst as (
    select
        max(within_seconds) as within_seconds,
        min(more_than) as more_than
    from burst_rules
),

-- Midnight sharp is a date without a time of day: it gives no distance and no burst.
answers as (
    select
        *,
        event_at = date_trunc('day', event_at) as is_date,
        clicks > 0 and event_at <> date_trunc('day', event_at) as is_timed_click,
        case
            when
                event_at <> date_trunc('day', event_at)
                and sent_at <= event_at
                and sent_at <> date_trunc('day', sent_at)
                then sent_at
        end as answered_send_at
    from email_events
    where
        is_bot
        or opens > 0
        or clicks > 0
        or unsubs > 0
        or complaints > 0
),

clicked as (
    select *
    from answers
    where is_timed_click
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

overlapping as (
    select
        *,
        max(last_at) over (
            partition by rule, email_key
            order by first_at, last_at
            rows between unbounded preceding and 1 preceding
        ) as earlier_last_at
    from windowed
    where things > more_than
),

joined_windows as (
    select
        *,
        sum(case when first_at <= earlier_last_at then 0 else 1 end) over (
            partition by rule, email_key
            order by first_at, last_at
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
),

judged_alone as (
    select
        answers.source_file,
        answers.source_row_number,
        rules.rule,
        rules.sort_order
    from answers
    inner join rules
        on
            (rules.rule = 'sender_flag' and answers.is_bot)
            or (
                rules.rule = 'fast_click'
                and answers.clicks > 0
                and answers.sends <= 0
                and answers.event_at <= {{ add_seconds('answers.answered_send_at', 'rules.within_seconds') }}
            )
),

judged_by_burst as (
    select
        answers.source_file,
        answers.source_row_number,
        bursts.rule,
        bursts.sort_order
    from answers
    inner join bursts
        on
            answers.email_key = bursts.email_key
            and answers.event_at between bursts.first_at and bursts.last_at
    where
        answers.sends <= 0
        and not answers.is_date
        and answers.opens + answers.clicks + answers.unsubs + answers.complaints > 0
),

judged as (
    select * from judged_alone
    union all
    select * from judged_by_burst
),

first_verdicts as {{ materialized() }} (
    select
        source_file,
        source_row_number,
        min(sort_order) as sort_order
    from judged
    group by source_file, source_row_number
),

human_clickers as (
    select answers.email_key
    from answers
    where
        answers.clicks > 0
        and not exists (
            select 1
            from first_verdicts
            where
                first_verdicts.source_file = answers.source_file
                and first_verdicts.source_row_number = answers.source_row_number
        )
),

-- The opens that no earlier rule took.
remaining_opens as (
    select
        answers.*,
        rules.rule,
        rules.sort_order,
        rules.more_than,
        coalesce(
            answers.sends <= 0
            and answers.event_at <= {{ add_seconds('answers.answered_send_at', 'rules.within_seconds') }},
            false
        ) as is_fast
    from answers
    inner join rules
        on rules.rule = 'proxy_open'
    where
        answers.opens > 0
        and answers.is_of_voter
        and not exists (
            select 1
            from first_verdicts
            where
                first_verdicts.source_file = answers.source_file
                and first_verdicts.source_row_number = answers.source_row_number
                and first_verdicts.sort_order < rules.sort_order
        )
),

proxied_addresses as (
    select email_key
    from remaining_opens
    where
        not exists (
            select 1
            from human_clickers
            where human_clickers.email_key = remaining_opens.email_key
        )
    group by email_key, more_than
    having
        count(*) > more_than
        and min(case when is_fast then 1 else 0 end) = 1
),

verdicts as (
    select * from first_verdicts
    union all
    select
        source_file,
        source_row_number,
        sort_order
    from remaining_opens
    where email_key in (select proxied_addresses.email_key from proxied_addresses)
),

decided as (
    select
        source_file,
        source_row_number,
        min(sort_order) as sort_order
    from verdicts
    group by source_file, source_row_number
),

named as (
    select
        decided.source_file,
        decided.source_row_number,
        rules.rule as machine_reason
    from decided
    inner join rules
        on decided.sort_order = rules.sort_order
)

select * from named
