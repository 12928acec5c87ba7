{{ config(post_hook={'sql': '{{ hold_in_memory(this) }}', 'transaction': false}) }}

with requests as (
    select * from {{ ref('stg_rights__erasure_requests') }}
),

erased_persons as (
    select * from {{ ref('stg_rights__erased_persons') }}
),

persons as (
    select * from {{ ref('base_rights__person_contacts') }}
),

person_custom_fields as (
    select * from {{ source('voterfile', 'person_custom_field') }}
),

custom_fields as (
    select * from {{ source('voterfile', 'custom_field') }}
),

svid_fields as (
    select distinct {{ text_id('id') }} as custom_field_id
    from custom_fields
    where {{ is_voter_id_field(field_name('name')) }}
),

person_svids as (
    select
        {{ text_id('person_custom_fields.person_id') }} as person_id,
        {{ text_id('person_custom_fields.value') }} as svid
    from person_custom_fields
    inner join svid_fields
        on {{ text_id('person_custom_fields.custom_field_id') }} = svid_fields.custom_field_id
),

-- A voter id that a remaining person also carries in that state stays with that person.
owned_svids as (
    select
        persons.state as svid_state,
        person_svids.svid
    from person_svids
    inner join persons
        on person_svids.person_id = persons.person_id
    -- Most people are not erased.
    left join erased_persons
        on person_svids.person_id = erased_persons.person_id
    where person_svids.svid is not null
    group by persons.state, person_svids.svid
    having min(case when erased_persons.person_id is not null then 1 else 0 end) = 1
),

united as (
    select
        svid_state,
        svid
    from requests
    where svid is not null
    union
    select
        svid_state,
        svid
    from owned_svids
)

select * from united
