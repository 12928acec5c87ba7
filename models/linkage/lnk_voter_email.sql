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

direct_links as (
    select distinct
        voter_persons.state,
        voter_persons.svid,
        persons.email_key,
        'direct_email' as link_method,
        cast(null as varchar) as phone_key,
        cast(null as varchar) as removed_by
    from voter_persons
    inner join persons
        on
            voter_persons.person_id = persons.person_id
            and voter_persons.state = persons.state
    where persons.email_key is not null
),

-- Rules 1 to 3. Rule 3 asks whether an address is the direct e-mail of a person who is not this voter.
map_links as (
    select
        voter_phones.state,
        voter_phones.svid,
        phone_emails.email_key,
        'phone_map' as link_method,
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
    select * from direct_links
    union all
    select * from map_links
),

-- Rule 4 counts the voters of an address over the remaining links.
remaining as (
    select distinct
        state,
        svid,
        email_key
    from united
    where removed_by is null
),

address_voters as (
    select
        email_key,
        count(*) as shared_by
    from remaining
    group by email_key
),

counted as (
    select
        united.*,
        case when united.removed_by is null then address_voters.shared_by end as shared_by
    from united
    -- An address has no voters when all of its links are removed.
    left join address_voters
        on united.email_key = address_voters.email_key
),

ruled as (
    select
        state,
        svid,
        email_key,
        link_method,
        phone_key,
        shared_by,
        coalesce(shared_by <= {{ linkage_limit('address_hub') }}, false) as is_used,
        coalesce(
            removed_by,
            case when shared_by > {{ linkage_limit('address_hub') }} then 'address_hub' end
        ) as unused_reason
    from counted
)

select * from ruled
