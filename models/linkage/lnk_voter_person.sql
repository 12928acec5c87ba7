with persons as (
    select * from {{ ref('stg_voterfile__persons') }}
),

person_custom_fields as (
    select * from {{ ref('base_voterfile__person_custom_fields') }}
),

custom_fields as (
    select * from {{ ref('stg_voterfile__custom_fields') }}
),

-- The field is found by its name, and a voter id stays text (000-08, F10, F38).
person_svids as (
    select distinct
        person_custom_fields.person_id,
        person_custom_fields.field_value as svid
    from person_custom_fields
    inner join custom_fields
        on person_custom_fields.custom_field_id = custom_fields.custom_field_id
    where
        person_custom_fields.rejection_reason is null
        and {{ is_voter_id_field('custom_fields.field_name') }}
        and person_custom_fields.field_value is not null
),

-- A voter id is unique only within its state (F02).
joined as (
    select distinct
        persons.state,
        person_svids.svid,
        persons.person_id
    from persons
    inner join person_svids
        on persons.person_id = person_svids.person_id
),

counted as (
    select
        *,
        count(*) over (partition by state, person_id) > 1 as has_several_svids,
        row_number() over (partition by state, svid order by length(person_id), person_id) as person_in_voter
    from joined
)

select * from counted
