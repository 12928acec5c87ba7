with email_events as (
    select * from {{ ref('fct_kept_email_rows') }}
),

machine_rows as (
    select * from {{ ref('fct_machine_rows') }}
),

-- Everybody's clicks: attribution covers people outside the voter file too.
clicked as (
    select
        {{ event_key() }} as event_key,
        email_key,
        campaign_id,
        client_shortname,
        event_at,
        clicks
    from email_events
    where
        clicks > 0
        and campaign_id is not null
        and not exists (
            select 1
            from machine_rows
            where
                machine_rows.source_file = email_events.source_file
                and machine_rows.source_row_number = email_events.source_row_number
        )
)

select * from clicked
