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

clock as (
    select * from {{ ref('stg_clock') }}
),

time_zones as (
    select * from {{ ref('time_zones') }}
),

county_time_zones as (
    select * from {{ ref('county_time_zones') }}
),

rules as (
    select * from {{ birthday_rules() }} as birthday_rules
),

named_fields as (
    select
        person_custom_fields.person_id,
        person_custom_fields.field_value,
        custom_fields.field_name,
        case when custom_fields.field_name = 'birth_date' then cast({{ iso_timestamp(
            'person_custom_fields.field_value'
        ) }} as date) end as birth_date
    from person_custom_fields
    inner join custom_fields
        on person_custom_fields.custom_field_id = custom_fields.custom_field_id
    where
        person_custom_fields.rejection_reason is null
        and custom_fields.field_name in ('party', 'gender', 'birth_date')
),

-- Of several values of one field for one person, the smallest text (F11). Of birth dates, a plausible one first.
person_demographics as (
    select
        named_fields.person_id,
        min(case when named_fields.field_name = 'party' then {{ group_name('named_fields.field_value') }} end)
            as party,
        min(case when named_fields.field_name = 'gender' then {{ group_name('named_fields.field_value') }} end)
            as gender,
        min_by(
            named_fields.birth_date, case when named_fields.birth_date is not null then named_fields.field_value end
        ) as given_birth_date,
        min_by(
            named_fields.birth_date,
            case
                when {{ is_plausible_birth('named_fields.birth_date', 'clock.as_of_date', 'rules') }}
                    then named_fields.field_value
            end
        ) as plausible_birth_date
    from named_fields
    cross join clock
    cross join rules
    group by named_fields.person_id
),

-- Counties are compared without case.
ranked_counties as (
    select
        *,
        row_number() over (partition by person_id, state order by lower(county) asc nulls last, county asc)
            as county_rank
    from persons
),

person_counties as (
    select
        person_id,
        state,
        max(case when county_rank = 1 then county end) as county,
        max(case when coalesce(email_key, cell_phone_key, home_phone_key) is not null then 1 else 0 end)
            as is_contactable
    from ranked_counties
    group by person_id, state
),

described as (
    select
        voter_persons.*,
        person_counties.county,
        person_counties.is_contactable,
        person_demographics.party,
        person_demographics.gender,
        person_demographics.given_birth_date,
        person_demographics.plausible_birth_date
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
        min_by(county, case when county is not null then person_in_voter end) as delivered_county,
        min_by(party, case when party is not null then person_in_voter end) as party,
        min_by(gender, case when gender is not null then person_in_voter end) as gender,
        -- A date with an unknown year still has a day and a month.
        coalesce(
            min_by(plausible_birth_date, case when plausible_birth_date is not null then person_in_voter end),
            min_by(given_birth_date, case when given_birth_date is not null then person_in_voter end)
        ) as birth_date
    from described
    group by state, svid
),

counted_spellings as (
    select
        delivered_county,
        count(*) as voters
    from united
    where delivered_county is not null
    group by delivered_county
),

ranked_spellings as (
    select
        *,
        row_number() over (partition by lower(delivered_county) order by voters desc, delivered_county asc)
            as spelling_rank
    from counted_spellings
),

spelled as (
    select
        united.*,
        ranked_spellings.delivered_county as county
    from united
    left join ranked_spellings
        on
            lower(united.delivered_county) = lower(ranked_spellings.delivered_county)
            and ranked_spellings.spelling_rank = 1
),

placed as (
    select
        spelled.state,
        spelled.svid,
        spelled.person_id,
        spelled.persons,
        spelled.has_several_svids,
        spelled.is_contactable,
        spelled.county,
        spelled.party,
        spelled.gender,
        spelled.birth_date,
        coalesce(county_time_zones.time_zone, time_zones.time_zone) as time_zone,
        case
            when county_time_zones.time_zone is not null then 'county'
            when time_zones.time_zone is not null then 'state'
            else 'utc'
        end as time_zone_source
    from spelled
    -- Most counties keep the time of their state.
    left join county_time_zones
        on
            spelled.state = county_time_zones.state
            and {{ county_letters('spelled.county') }} = {{ county_letters('county_time_zones.county') }}
    -- The seed may not have the state.
    left join time_zones
        on spelled.state = time_zones.state
)

select * from placed
