with voter_persons as (
    select * from {{ ref('lnk_voter_person') }}
),

persons as (
    select * from {{ ref('stg_voterfile__persons') }}
),

linkage_rules as (
    select * from {{ ref('linkage_rules') }}
),

person_phones as (
    select
        person_id,
        state,
        cell_phone_key as phone_key
    from persons
    where cell_phone_key is not null
    union all
    select
        person_id,
        state,
        home_phone_key as phone_key
    from persons
    where home_phone_key is not null
),

joined as (
    select distinct
        voter_persons.state,
        voter_persons.svid,
        person_phones.phone_key
    from voter_persons
    inner join person_phones
        on
            voter_persons.person_id = person_phones.person_id
            and voter_persons.state = person_phones.state
),

counted as (
    select
        state,
        svid,
        phone_key,
        'direct_phone' as link_method,
        count(*) over (partition by phone_key) as shared_by
    from joined
),

-- Rule 1: a phone with too many voters is no link and no bridge.
ruled as (
    select
        counted.state,
        counted.svid,
        counted.phone_key,
        counted.link_method,
        counted.shared_by,
        counted.shared_by <= linkage_rules.max_count as is_used,
        case when counted.shared_by > linkage_rules.max_count then 'phone_hub' end as unused_reason
    from counted
    inner join linkage_rules
        on linkage_rules.rule = 'phone_hub'
)

select * from ruled
