with voter_persons as (
    select * from {{ ref('lnk_voter_person') }}
),

persons as (
    select * from {{ ref('stg_voterfile__persons') }}
),

voter_phones as (
    select * from {{ ref('lnk_voter_phone') }}
),

phone_emails as (
    select * from {{ ref('lnk_phone_email') }}
),

linkage_rules as (
    select * from {{ ref('linkage_rules') }}
),

direct_links as (
    select distinct
        voter_persons.state,
        voter_persons.svid,
        persons.email_key
    from voter_persons
    inner join persons
        on
            voter_persons.person_id = persons.person_id
            and voter_persons.state = persons.state
    where persons.email_key is not null
),

-- Rule 3 asks whether an address is the direct e-mail of anybody but the voter's own persons.
map_links as (
    select
        voter_phones.state,
        voter_phones.svid,
        phone_emails.email_key,
        voter_phones.phone_key,
        case
            when not voter_phones.is_used then 'phone_hub'
            when not phone_emails.is_bridge then 'phone_address_hub'
            when exists (
                select 1
                from persons
                where
                    persons.email_key = phone_emails.email_key
                    and not exists (
                        select 1
                        from voter_persons
                        where
                            voter_persons.state = voter_phones.state
                            and voter_persons.svid = voter_phones.svid
                            and voter_persons.person_id = persons.person_id
                    )
            ) then 'direct_beats_map'
        end as removed_by
    from voter_phones
    inner join phone_emails
        on voter_phones.phone_key = phone_emails.phone_key
),

united as (
    select
        state,
        svid,
        email_key,
        'direct_email' as link_method,
        cast(null as varchar) as phone_key,
        cast(null as varchar) as removed_by
    from direct_links
    union all
    select
        state,
        svid,
        email_key,
        'phone_map' as link_method,
        phone_key,
        removed_by
    from map_links
),

-- Rule 4 counts the voters of an address among the links that are left.
address_voters as (
    select
        email_key,
        count(*) as shared_by
    from (
        select distinct
            state,
            svid,
            email_key
        from united
        where removed_by is null
    ) as remaining
    group by email_key
),

ruled as (
    select
        united.state,
        united.svid,
        united.email_key,
        united.link_method,
        united.phone_key,
        case when united.removed_by is null then address_voters.shared_by end as shared_by,
        united.removed_by is null and address_voters.shared_by <= linkage_rules.max_count as is_used,
        coalesce(
            united.removed_by,
            case when address_voters.shared_by > linkage_rules.max_count then 'address_hub' end
        ) as unused_reason
    from united
    -- An address all of whose links are removed has no voters.
    left join address_voters
        on united.email_key = address_voters.email_key
    inner join linkage_rules
        on linkage_rules.rule = 'address_hub'
)

select * from ruled
