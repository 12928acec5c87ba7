with events as {{ inlined() }} (
    select * from {{ ref('fct_voter_events') }}
),

-- Without a campaign an answer matches only a send of the same moment: one delivered row that carries both.
mails as (
    select
        voter_number,
        event_number,
        is_contact,
        event_type,
        local_at,
        local_source,
        campaign_id,
        case when campaign_id is null then occurred_at end as unnamed_at,
        client_shortname,
        quantity
    from events
    where event_type in ('email_send', 'email_open', 'email_click')
),

-- The send that the event answers: the latest of its campaign at or before it, else the first one after it (F31).
answered as (
    select
        *,
        coalesce(
            max(case when event_type = 'email_send' then event_number end) over (
                partition by voter_number, campaign_id, unnamed_at
                order by event_number
                rows between unbounded preceding and current row
            ),
            min(case when event_type = 'email_send' then event_number end) over (
                partition by voter_number, campaign_id, unnamed_at
                order by event_number
                rows between current row and unbounded following
            )
        ) as send_number
    from mails
),

-- All columns are the send's: a click counts at the hour at which its mail was sent (F63).
sent as (
    select
        voter_number,
        max(case when event_type = 'email_send' and is_contact then 1 else 0 end) = 1 as is_contact,
        max(case when event_type = 'email_send' then client_shortname end) as client_shortname,
        max(case when event_type = 'email_send' then local_at end) as local_at,
        max(case when event_type = 'email_send' and local_source = 'date' then 1 else 0 end) = 1 as is_date,
        max(case when event_type = 'email_send' then quantity end) as sends,
        max(case when event_type = 'email_open' then 1 else 0 end) as is_opened,
        max(case when event_type = 'email_click' then 1 else 0 end) as is_clicked
    from answered
    where send_number is not null
    group by voter_number, send_number
),

united as (
    select
        voter_number,
        is_contact,
        client_shortname,
        cast(local_at as date) as local_date,
        cast(case when not is_date then extract(hour from local_at) end as bigint) as local_hour,
        sends,
        is_clicked as clicked_sends,
        case when is_clicked = 0 then is_opened else 0 end as only_opened_sends,
        0 as acts
    from sent
    union all
    select
        voter_number,
        is_contact,
        client_shortname,
        cast(local_at as date) as local_date,
        cast(case when local_source <> 'date' then extract(hour from local_at) end as bigint) as local_hour,
        0 as sends,
        0 as clicked_sends,
        0 as only_opened_sends,
        1 as acts
    from events
    where is_human
),

summed as (
    select
        voter_number,
        is_contact,
        client_shortname,
        local_date,
        local_hour,
        cast(sum(sends) as bigint) as sends,
        cast(sum(clicked_sends) as bigint) as clicked_sends,
        cast(sum(only_opened_sends) as bigint) as only_opened_sends,
        cast(sum(acts) as bigint) as acts
    from united
    group by voter_number, is_contact, client_shortname, local_date, local_hour
)

select * from summed
-- Sorted by voter, the column compresses well.
order by voter_number
