with delivered as (
    select * from {{ source('action', 'handovers') }}
),

trimmed as (
    select
        {{ text_id('message_key') }} as message_key,
        lower({{ text_id('trigger') }}) as trigger_name,
        lower({{ text_id('experiment') }}) as experiment,
        lower({{ text_id('arm') }}) as arm,
        {{ state_code('state') }} as state,
        {{ text_id('svid') }} as svid,
        lower({{ text_id('channel') }}) as channel,
        {{ text_id('template') }} as template,
        handed_over_at,
        {{ text_id('entry_key') }} as entry_key,
        step,
        lower({{ text_id('rules') }}) as rules,
        is_deleted_at_source,
        source_file,
        source_row_number,
        source_row
    from delivered
),

-- A row is refused only if it names no message: what is not in the ledger is sent again. A time that cannot be read is
-- no reason.
checked as (
    select
        *,
        case
            when is_deleted_at_source then 'deleted_at_source'
            when message_key is null then 'missing_id'
        end as rejection_reason
    from trimmed
),

judged as (
    select
        *,
        {{ is_not_erased(voters=[('checked.state', 'checked.svid')]) }} as is_retained
    from checked
),

-- The key of a message outlives its person, so that nobody gets it again; nothing else of the row does.
retained as (
    select
        message_key,
        case when is_retained then trigger_name end as trigger_name,
        case when is_retained then experiment end as experiment,
        case when is_retained then arm end as arm,
        case when is_retained then state end as state,
        case when is_retained then svid end as svid,
        case when is_retained then channel end as channel,
        case when is_retained then template end as template,
        case when is_retained then handed_over_at end as handed_over_at,
        case when is_retained then entry_key end as entry_key,
        case when is_retained then step end as step,
        case when is_retained then rules end as rules,
        rejection_reason,
        source_file,
        source_row_number,
        source_row
    from judged
)

select * from retained
