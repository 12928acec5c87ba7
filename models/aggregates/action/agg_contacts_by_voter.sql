with voters as (
    select * from {{ ref('lnk_voter') }}
),

voter_numbers as (
    select * from {{ ref('key_voters') }}
),

voter_emails as (
    select * from {{ ref('lnk_voter_email') }}
),

voter_phones as (
    select * from {{ ref('lnk_voter_phone') }}
),

address_numbers as (
    select * from {{ ref('key_addresses') }}
),

time_zones as (
    select * from {{ ref('time_zones') }}
),

county_time_zones as (
    select * from {{ ref('county_time_zones') }}
),

rules as (
    select * from {{ birthday_rules() }} as birthday_rules
),

-- The address and the phone that segment_contacts gives: people who share them share their caps.
numbered_emails as (
    select
        voter_emails.*,
        row_number() over (
            partition by voter_emails.state, voter_emails.svid
            order by
                case when voter_emails.link_method = 'direct_email' then 0 else 1 end,
                voter_emails.shared_by,
                voter_emails.email_key
        ) as email_in_voter
    from voter_emails
    where voter_emails.is_used
),

numbered_phones as (
    select
        voter_phones.*,
        dense_rank() over (order by voter_phones.phone_key) as phone_number,
        row_number() over (
            partition by voter_phones.state, voter_phones.svid
            order by
                voter_phones.shared_by,
                voter_phones.phone_key
        ) as phone_in_voter
    from voter_phones
    where voter_phones.is_used
),

-- A state that keeps several times: without a county, a voter of it may be in any of them.
divided_states as (
    select distinct county_time_zones.state
    from county_time_zones
    inner join time_zones
        on
            county_time_zones.state = time_zones.state
            and county_time_zones.time_zone <> time_zones.time_zone
),

described as (
    select
        voter_numbers.voter_number,
        voters.state,
        voters.svid,
        address_numbers.address_number as email_contact,
        numbered_phones.phone_number as phone_contact,
        case
            when voters.time_zone is null then 'any'
            when voters.county is null and divided_states.state is not null then 'state ' || voters.state
            else voters.time_zone
        end as zone_key,
        coalesce(
            extract(year from voters.birth_date) > rules.unknown_year_until
            and {{ age_in_years('voters.birth_date', as_of_date()) }} < rules.min_age,
            false
        ) as is_minor
    from voters
    cross join rules
    inner join voter_numbers
        on
            voters.state = voter_numbers.state
            and voters.svid = voter_numbers.svid
    -- Not every voter has a used address or phone.
    left join numbered_emails
        on
            voters.state = numbered_emails.state
            and voters.svid = numbered_emails.svid
            and numbered_emails.email_in_voter = 1
    left join address_numbers
        on numbered_emails.email_key = address_numbers.email_key
    left join numbered_phones
        on
            voters.state = numbered_phones.state
            and voters.svid = numbered_phones.svid
            and numbered_phones.phone_in_voter = 1
    -- Few states keep several times.
    left join divided_states
        on voters.state = divided_states.state
)

select * from described
