with email_events as (
    select * from {{ ref('fct_kept_email_rows') }}
),

machine_rows as (
    select * from {{ ref('fct_machine_rows') }}
),

judged as (
    select
        email_events.*,
        machine_rows.machine_reason,
        machine_rows.machine_reason is not null as is_machine
    from email_events
    -- Few rows are a machine's.
    left join machine_rows
        on
            email_events.source_file = machine_rows.source_file
            and email_events.source_row_number = machine_rows.source_row_number
    where email_events.is_of_voter
),

-- A row caused by a machine counts as a send only, but an opt-out on it holds (docs/definitions.md, "Events").
humanized as (
    select
        {{ event_key() }} as event_key,
        email_key,
        campaign_id,
        client_shortname,
        event_at,
        {{ week_start('coalesce(sent_at, event_at)') }} as week_start,
        is_machine,
        machine_reason,
        sends,
        case when is_machine then 0 else opens end as opens,
        case when is_machine then 0 else clicks end as clicks,
        case when is_machine then 0 else bounces end as bounces,
        case when is_machine then 0 else complaints end as complaints,
        case when is_machine then 0 else unsubs end as unsubs,
        opens + clicks > 0 as is_answer,
        not is_machine and opens + clicks > 0 as is_engagement,
        unsubs + complaints > 0 as is_opt_out,
        clicks > 0 as has_any_click,
        delivered_rows
    from judged
)

select * from humanized
-- The rows of an address lie together, so that the address is stored once.
order by email_key
