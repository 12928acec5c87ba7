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
),

retained as (
    select
        checked.person_id,
        checked.custom_field_id,
        checked.field_value,
        checked.rejection_reason,
        checked.source_file,
        checked.source_row_number,
        checked.source_row
    from checked
    where
        {{ is_not_erased(
            persons=['checked.person_id'],
            emails=['lower(checked.field_value)'],
            svids=['case when checked.rejection_reason is not null then checked.field_value end'],
            refused=refused_text('checked.rejection_reason', 'checked.source_row')
        ) }}
)

select * from retained
