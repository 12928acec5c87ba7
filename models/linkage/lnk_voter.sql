with voter_persons as (
    select * from {{ ref('lnk_voter_person') }}
),

persons as (
    select * from {{ ref('stg_voterfile__persons') }}
),

person_custom_fields as (
    select * from {{ ref('base_voterfile__person_custom_fields') }}
),

custom_fields as (
    select * from {{ ref('stg_voterfile__custom_fields') }}
),

-- Of several values of one field for one person, the smallest text (F11).
person_demographics as (
    select
        person_custom_fields.person_id,
        min(case when custom_fields.field_name = 'party' then person_custom_fields.field_value end) as party,
        min(case when custom_fields.field_name = 'gender' then person_custom_fields.field_value end) as gender,
        min(case when custom_fields.field_name = 'birth_date' then person_custom_fields.field_value end) as birth_date
    from person_custom_fields
    inner join custom_fields
        on person_custom_fields.custom_field_id = custom_fields.custom_field_id
    where person_custom_fields.rejection_reason is null
    group by person_custom_fields.person_id
),

person_counties as (
    select
        person_id,
        state,
        min(county) as county,
        max(case when coalesce(email_key, cell_phone_key, home_phone_key) is not null then 1 else 0 end)
            as is_contactable
    from persons
    group by person_id, state
),

described as (
    select
        voter_persons.*,
        person_counties.county,
        person_counties.is_contactable,
        person_demographics.party,
        person_demographics.gender,
        person_demographics.birth_date
    from voter_persons
    inner join person_counties
        on
            voter_persons.person_id = person_counties.person_id
            and voter_persons.state = person_counties.state
    -- A person may have no custom field except the voter id.
    left join person_demographics
        on voter_persons.person_id = person_demographics.person_id
),

-- Each attribute comes from the first person that has a value for it (F01).
united as (
    select
        state,
        svid,
        min_by(person_id, person_in_voter) as person_id,
        count(*) as persons,
        max(case when has_several_svids then 1 else 0 end) = 1 as has_several_svids,
        -- A valid address or phone is enough, even if a linkage rule removed the link.
        max(is_contactable) = 1 as is_contactable,
        min_by(county, case when county is not null then person_in_voter end) as county,
        min_by(party, case when party is not null then person_in_voter end) as party,
        min_by(gender, case when gender is not null then person_in_voter end) as gender,
        cast({{ iso_timestamp(
            'min_by(birth_date, case when birth_date is not null then person_in_voter end)'
        ) }} as date) as birth_date
    from described
    group by state, svid
)

select * from united
