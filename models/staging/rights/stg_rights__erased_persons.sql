{{ config(post_hook={'sql': '{{ hold_in_memory(this) }}', 'transaction': false}) }}

with requests as (
    select * from {{ ref('stg_rights__erasure_requests') }}
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

-- Read and normalised once: every model that leaves out the erased reads this view.
person_contacts as {{ materialized() }} (
    select * from persons
),

requested as {{ materialized() }} (
    select * from requests
),

svid_fields as (
    select distinct {{ text_id('id') }} as custom_field_id
    from custom_fields
    where {{ is_voter_id_field(field_name('name')) }}
),

person_svids as (
    select
        {{ text_id('person_id') }} as person_id,
        {{ text_id('custom_field_id') }} as custom_field_id,
        {{ text_id('value') }} as svid
    from person_custom_fields
),

-- A bare voter id means the voters of every state that has it, and also a person without a known state.
found_by_svid as (
    select person_svids.person_id
    from person_svids
    inner join svid_fields
        on person_svids.custom_field_id = svid_fields.custom_field_id
    inner join requested
        on person_svids.svid = requested.svid
    -- A person may have fields and no row.
    left join person_contacts
        on person_svids.person_id = person_contacts.person_id
    where
        requested.svid_state is null
        or person_contacts.state is null
        or person_contacts.state = requested.svid_state
),

found as (
    select person_id from found_by_svid
    union
    select person_contacts.person_id
    from person_contacts
    inner join requested
        on person_contacts.email_key = requested.email_key
    union
    select person_contacts.person_id
    from person_contacts
    inner join requested
        on person_contacts.cell_phone_key = requested.phone_key
    union
    select person_contacts.person_id
    from person_contacts
    inner join requested
        on person_contacts.home_phone_key = requested.phone_key
),

identified as (
    select person_id
    from found
    where person_id is not null
)

select * from identified
