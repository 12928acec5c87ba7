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

-- Read once, and put into normal form once: every model that leaves out the erased asks this.
person_contacts as {{ materialized() }} (
    select
        person_id,
        state,
        email_key,
        cell_phone_key,
        home_phone_key
    from persons
),

asked as {{ materialized() }} (
    select
        email_key,
        phone_key,
        svid_state,
        svid
    from requests
),

svid_fields as (
    select distinct {{ text_id('id') }} as custom_field_id
    from custom_fields
    where {{ field_name('name') }} = 'state_voter_id'
),

requested_svids as (
    select distinct
        svid_state,
        svid
    from asked
    where svid is not null
),

person_svids as (
    select
        {{ text_id('person_id') }} as person_id,
        {{ text_id('custom_field_id') }} as custom_field_id,
        {{ text_id('value') }} as svid
    from person_custom_fields
),

-- A bare voter id means the voters of every state that has it. A person of whom no state is known is
-- nobody else's either.
found_by_svid as (
    select person_svids.person_id
    from person_svids
    inner join svid_fields
        on person_svids.custom_field_id = svid_fields.custom_field_id
    inner join requested_svids
        on person_svids.svid = requested_svids.svid
    -- A person may have fields and no row.
    left join person_contacts
        on person_svids.person_id = person_contacts.person_id
    where
        requested_svids.svid_state is null
        or person_contacts.state is null
        or person_contacts.state = requested_svids.svid_state
),

requested_contacts as (
    select
        email_key,
        phone_key
    from asked
    where
        email_key is not null
        or phone_key is not null
),

found_by_contact as (
    select person_contacts.person_id
    from person_contacts
    inner join requested_contacts
        on person_contacts.email_key = requested_contacts.email_key
    union all
    select person_contacts.person_id
    from person_contacts
    inner join requested_contacts
        on person_contacts.cell_phone_key = requested_contacts.phone_key
    union all
    select person_contacts.person_id
    from person_contacts
    inner join requested_contacts
        on person_contacts.home_phone_key = requested_contacts.phone_key
),

united as (
    select person_id
    from found_by_svid
    where person_id is not null
    union
    select person_id
    from found_by_contact
    where person_id is not null
)

select * from united
