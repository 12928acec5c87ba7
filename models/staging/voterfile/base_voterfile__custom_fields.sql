with delivered as (
    select * from {{ source('voterfile', 'custom_field') }}
),

keyed as (
    select
        {{ text_id('id') }} as custom_field_id,
        {{ field_name('name') }} as field_name,
        source_file,
        source_row_number,
        source_row
    from delivered
),

checked as (
    select
        custom_field_id,
        field_name,
        case when custom_field_id is null or field_name is null then 'missing_id' end as rejection_reason,
        source_file,
        source_row_number,
        source_row
    from keyed
),

retained as (
    select
        checked.custom_field_id,
        checked.field_name,
        checked.rejection_reason,
        checked.source_file,
        checked.source_row_number,
        checked.source_row
    from checked
    where
        {{ is_not_erased(
            refused=refused_text('checked.rejection_reason', 'checked.source_row')
        ) }}
)

select * from retained
