with email_events as (
    select * from {{ ref('fct_kept_email_rows') }}
),

bursts as (
    select * from {{ ref('fct_click_bursts') }}
),

rules as (
    select * from {{ ref('machine_rules') }}
),

-- Midnight sharp is a date without a time of day: no distance can be measured to it or from it.
answers as (
    select
        *,
        event_at = date_trunc('day', event_at) as is_date,
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
