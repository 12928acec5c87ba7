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
        source_file,
        source_row_number,
        source_row
    from delivered
),

checked as (
    select
        person_id,
        custom_field_id,
        field_value,
        case
            when person_id is null or custom_field_id is null then 'missing_id'
            when
                custom_field_id in (
                    select {{ text_id('custom_fields.id') }} as custom_field_id
                    from custom_fields
                    where {{ field_name('custom_fields.name') }} = 'birth_date'
                )
                and field_value is not null
                and {{ iso_timestamp('field_value') }} is null
                then 'uncastable_value'
        end as rejection_reason,
        source_file,
        source_row_number,
        source_row
    from keyed
)

select * from checked
