with delivered as (
    select * from {{ source('voterfile', 'custom_field') }}
),

keyed as (
    select
        {{ text_id('id') }} as custom_field_id,
        {{ field_name('name') }} as field_name,
        uncastable_columns,
        is_deleted_at_source,
        source_file,
        source_row_number,
        source_row
    from delivered
),

checked as (
    select
        *,
        case
            when is_deleted_at_source then 'deleted_at_source'
            when uncastable_columns is not null then 'uncastable_value'
            when custom_field_id is null or field_name is null then 'missing_id'
        end as rejection_reason
    from keyed
),

retained as (
    {{ without_erased('checked') }}
)

select * from retained
