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
)

select * from checked
