with handovers as (
    select * from {{ ref('base_action__handovers') }}
),

-- A crash while a file is rewritten may leave both: the message was handed over once.
numbered as (
    select
        *,
        count(*) over (partition by message_key) as delivered_rows,
        row_number() over (
            partition by message_key
            order by handed_over_at nulls last, svid nulls last, source_file, source_row_number
        ) as row_of_message
    from handovers
    where rejection_reason is null
),

deduplicated as (
    select
        message_key,
        trigger_name,
        experiment,
        arm,
        state,
        svid,
        channel,
        template,
        handed_over_at,
        entry_key,
        step,
        rules,
        delivered_rows
    from numbered
    where row_of_message = 1
)

select * from deduplicated
