with requests as (
    select * from {{ ref('stg_rights__erasure_requests') }}
),

persons as (
    select * from {{ ref('base_rights__person_contacts') }}
),

erased_persons as (
    select * from {{ ref('stg_rights__erased_persons') }}
),

asked as {{ materialized() }} (
    select
        email_key,
        phone_key
    from requests
    where
        email_key is not null
        or phone_key is not null
),

judged as {{ materialized() }} (
    select
        persons.email_key,
        persons.cell_phone_key,
        persons.home_phone_key,
        erased_persons.person_id is not null as is_erased
    from persons
    -- Nearly everybody stays.
    left join erased_persons
        on persons.person_id = erased_persons.person_id
    where persons.person_id is not null
),

contacts as (
    select
        email_key,
        cast(null as varchar) as phone_key,
        is_erased
    from judged
    where email_key is not null
    union all
    select
        cast(null as varchar) as email_key,
        cell_phone_key as phone_key,
        is_erased
    from judged
    where cell_phone_key is not null
    union all
    select
        cast(null as varchar) as email_key,
        home_phone_key as phone_key,
        is_erased
    from judged
    where home_phone_key is not null
),

-- What somebody who stays carries too is theirs.
owned as (
    select
        email_key,
        phone_key
    from contacts
    group by email_key, phone_key
    having count(case when not is_erased then 1 end) = 0
),

united as (
    select
        email_key,
        phone_key
    from owned
    union
    select
        email_key,
        cast(null as varchar) as phone_key
    from asked
    where email_key is not null
    union
    select
        cast(null as varchar) as email_key,
        phone_key
    from asked
    where phone_key is not null
)

select * from united
