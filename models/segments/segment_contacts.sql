{{ config(parameters=['svids']) }}

with permissions as (
    select * from {{ ref('contact_permissions') }}
),

voter_emails as (
    select * from {{ ref('lnk_voter_email') }}
),

voter_phones as (
    select * from {{ ref('lnk_voter_phone') }}
),

requested as (
    {{ requested_voters() }}
),

permitted as (
    select
        permissions.*,
        requested.requested_svid
    from requested
    -- Unknown and ambiguous ids have no voter.
    left join permissions
        on requested.voter_number = permissions.voter_number
),

-- One address per voter: the voter's own first, then the least shared, then in text order.
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
    inner join permitted
        on
            voter_emails.state = permitted.state
            and voter_emails.svid = permitted.svid
    where voter_emails.is_used
),

numbered_phones as (
    select
        voter_phones.*,
        row_number() over (
            partition by voter_phones.state, voter_phones.svid
            order by
                voter_phones.shared_by,
                voter_phones.phone_key
        ) as phone_in_voter
    from voter_phones
    inner join permitted
        on
            voter_phones.state = permitted.state
            and voter_phones.svid = permitted.svid
    where voter_phones.is_used
),

-- A suppression by voter id means the person, not the address: housemates keep an address that they share.
suppressed_emails as (
    select distinct voter_emails.email_key
    from voter_emails
    inner join permissions
        on
            voter_emails.state = permissions.state
            and voter_emails.svid = permissions.svid
    where
        voter_emails.is_used
        and permissions.contact_blocked_by = 'suppressed'
),

suppressed_phones as (
    select distinct voter_phones.phone_key
    from voter_phones
    inner join permissions
        on
            voter_phones.state = permissions.state
            and voter_phones.svid = permissions.svid
    where
        voter_phones.is_used
        and permissions.contact_blocked_by = 'suppressed'
),

answered as (
    select
        permitted.requested_svid,
        permitted.state,
        permitted.svid,
        case
            when permitted.contact_blocked_by is null and permitted.may_email then numbered_emails.email_key
        end as email,
        case
            when permitted.contact_blocked_by is null and permitted.may_phone then numbered_phones.phone_key
        end as phone,
        permitted.contact_blocked_by,
        permitted.solicitation_blocked_by,
        case
            when permitted.voter_number is not null
                then
                    permitted.contact_blocked_by is null
                    and (
                        (permitted.may_email and suppressed_emails.email_key is not null)
                        or (permitted.may_phone and suppressed_phones.phone_key is not null)
                    )
        end as is_shared_with_suppressed
    from permitted
    -- Not every voter has a used address or phone.
    left join numbered_emails
        on
            permitted.state = numbered_emails.state
            and permitted.svid = numbered_emails.svid
            and numbered_emails.email_in_voter = 1
    left join numbered_phones
        on
            permitted.state = numbered_phones.state
            and permitted.svid = numbered_phones.svid
            and numbered_phones.phone_in_voter = 1
    -- Few addresses and phones also belong to somebody who is suppressed.
    left join suppressed_emails
        on numbered_emails.email_key = suppressed_emails.email_key
    left join suppressed_phones
        on numbered_phones.phone_key = suppressed_phones.phone_key
)

select * from answered
order by requested_svid
