with accepted as (
    select
        person_id,
        custom_field_id,
        field_value
    from {{ ref('base_voterfile__person_custom_fields') }}
    where rejection_reason is null
)

select * from accepted
