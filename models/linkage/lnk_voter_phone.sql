with voter_persons as (
    select * from {{ ref('lnk_voter_person') }}
),

persons as (
    select * from {{ ref('stg_voterfile__persons') }}
),

person_phones as (
    select
        *,
        cell_phone_key as phone_key
    from persons
    union all
    select
        *,
        home_phone_key as phone_key
    from persons
),

joined as (
    select distinct
        voter_persons.state,
        voter_persons.svid,
        person_phones.phone_key,
        'direct_phone' as link_method
    from voter_persons
    inner join person_phones
        on
            voter_persons.person_id = person_phones.person_id
            and voter_persons.state = person_phones.state
    where person_phones.phone_key is not null
),

counted as (
    select
        *,
        count(*) over (partition by phone_key) as shared_by
    from joined
),

-- Rule 1: a phone with too many voters links to none of them and is no bridge.
ruled as (
    select
        *,
        shared_by <= {{ linkage_limit('phone_hub') }} as is_used,
        case when shared_by > {{ linkage_limit('phone_hub') }} then 'phone_hub' end as unused_reason
    from counted
)

select * from ruled
