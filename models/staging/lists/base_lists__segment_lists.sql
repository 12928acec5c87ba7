with delivered as (
    select * from {{ source('lists', 'segment_lists') }}
),

trimmed as (
    select
        *,
        {{ text_id('svid') }} as svid_text
    from delivered
),

keyed as (
    select
        lower({{ text_id('segment') }}) as list_name,
        case when {{ identifier_names_state('svid_text') }} then upper(left(svid_text, 2)) end as svid_state,
        case
            when {{ identifier_names_state('svid_text') }} then {{ text_id('substring(svid_text, 4)') }}
            else svid_text
        end as svid,
        added_at,
        uncastable_columns,
        is_deleted_at_source,
        source_file,
        source_row_number,
        source_row
    from trimmed
),

checked as (
    select
        *,
        case
            when is_deleted_at_source then 'deleted_at_source'
            when uncastable_columns is not null then 'uncastable_value'
            when list_name is null or svid is null then 'missing_id'
        end as rejection_reason
    from keyed
),

retained as (
    {{ without_erased('checked', voters=[('checked.svid_state', 'checked.svid')]) }}
)

select * from retained
