{{ config(post_hook={'sql': '{{ hold_in_memory(this) }}', 'transaction': false}) }}

with requests as (
    select * from {{ ref('stg_rights__erasure_requests') }}
),

persons as (
    select * from {{ ref('base_rights__person_contacts') }}
),

erased_persons as (
    select * from {{ ref('stg_rights__erased_persons') }}
),

requested as {{ materialized() }} (
    select
        email_key,
        phone_key
    from requests
),

classified as {{ materialized() }} (
    select
        persons.*,
        erased_persons.person_id is not null as is_erased
    from persons
    -- Most people are not erased.
    left join erased_persons
        on persons.person_id = erased_persons.person_id
    where persons.person_id is not null
),

-- An address or phone that a remaining person also has stays with that person.
owned_emails as (
    select email_key
    from classified
    where email_key is not null
    group by email_key
    having count(case when not is_erased then 1 end) = 0
),

person_phones as (
    select
        cell_phone_key as phone_key,
        is_erased
    from classified
    union all
    select
        home_phone_key as phone_key,
        is_erased
    from classified
),

owned_phones as (
    select phone_key
    from person_phones
    where phone_key is not null
    group by phone_key
    having count(case when not is_erased then 1 end) = 0
),

emails as (
    select email_key from owned_emails
    union
    select email_key from requested
),

phones as (
    select phone_key from owned_phones
    union
    select phone_key from requested
),

united as (
    select
        email_key,
        cast(null as varchar) as phone_key
    from emails
    where email_key is not null
    union all
    select
        cast(null as varchar) as email_key,
        phone_key
    from phones
    where phone_key is not null
)

select * from united
