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
        *,
        case when custom_field_id is null or field_name is null then 'missing_id' end as rejection_reason
    from keyed
),

retained as (
    {{ without_erased('checked') }}
)

select * from retained
