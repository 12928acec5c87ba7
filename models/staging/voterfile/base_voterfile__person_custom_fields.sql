with delivered as (
    select * from {{ source('voterfile', 'person_custom_field') }}
),

custom_fields as (
    select * from {{ source('voterfile', 'custom_field') }}
),

keyed as (
    select
        {{ text_id('person_id') }} as person_id,
        {{ text_id('custom_field_id') }} as custom_field_id,
        {{ text_id('value') }} as field_value,
        uncastable_columns,
        is_deleted_at_source,
        source_file,
        source_row_number,
        source_row
    from delivered
),

birth_date_fields as (
    select {{ text_id('id') }} as custom_field_id
    from custom_fields
    where {{ field_name('name') }} = 'birth_date'
),

checked as (
    select
        *,
        case
            when is_deleted_at_source then 'deleted_at_source'
            when uncastable_columns is not null then 'uncastable_value'
            when person_id is null or custom_field_id is null then 'missing_id'
            when
                custom_field_id in (select birth_date_fields.custom_field_id from birth_date_fields)
                and field_value is not null
                and {{ iso_timestamp('field_value') }} is null
                then 'uncastable_value'
        end as rejection_reason
    from keyed
),

retained as (
    {{ without_erased(
        'checked',
        persons=['person_id'],
        emails=['lower(field_value)'],
        svids=['case when rejection_reason is not null then field_value end']
    ) }}
)

select * from retained
