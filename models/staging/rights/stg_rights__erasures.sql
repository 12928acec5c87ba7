{{ config(materialized='table') }}

with requests as (
    select * from {{ held(ref('stg_rights__erasure_requests')) }}
),

erased_persons as (
    select * from {{ held(ref('stg_rights__erased_persons')) }}
),

erased_contacts as (
    select * from {{ held(ref('stg_rights__erased_contacts')) }}
),

-- The word in front keeps these hashes apart from the pseudonyms of the rows that stay.
hashed as (
    select
        'person' as identifier_kind,
        {{ keyed_hash("'erased person ' || person_id") }} as erasure_hash
    from erased_persons
    union all
    select
        'email' as identifier_kind,
        {{ keyed_hash("'erased email ' || email_key") }} as erasure_hash
    from erased_contacts
    where email_key is not null
    union all
    select
        'phone' as identifier_kind,
        {{ keyed_hash("'erased phone ' || phone_key") }} as erasure_hash
    from erased_contacts
    where phone_key is not null
    union all
    select
        'svid' as identifier_kind,
        {{ keyed_hash("'erased svid ' || coalesce(svid_state, '') || ':' || svid") }} as erasure_hash
    from requests
    where svid is not null
    group by svid_state, svid
)

select * from hashed
