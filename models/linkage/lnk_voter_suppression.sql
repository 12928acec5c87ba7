with suppressions as (
    select * from {{ ref('stg_rights__suppressions') }}
),

voters as (
    select * from {{ ref('lnk_voter') }}
),

voter_emails as (
    select * from {{ ref('lnk_voter_email') }}
),

voter_phones as (
    select * from {{ ref('lnk_voter_phone') }}
),

-- The limit is the day of the build, not the clock: a request made after the last event counts today.
in_force as (
    select *
    from suppressions
    where
        from_date is null
        or cast(from_date as date) <= {{ build_date() }}
),

-- When in doubt, suppress. A bare voter id means the voters of every state that has it. An address counts when it is
-- used or the voter's own; the voter's own phone counts whether it is used or not.
matched as (
    select
        voters.state,
        voters.svid,
        in_force.suppressed_channel,
        coalesce(in_force.from_date, cast('1900-01-01' as date)) as from_date
    from in_force
    inner join voters
        on
            in_force.svid = voters.svid
            and voters.state = coalesce(in_force.svid_state, voters.state)
    union all
    select
        voter_emails.state,
        voter_emails.svid,
        in_force.suppressed_channel,
        coalesce(in_force.from_date, cast('1900-01-01' as date)) as from_date
    from in_force
    inner join voter_emails
        on in_force.email_key = voter_emails.email_key
    where
        voter_emails.is_used
        or voter_emails.link_method = 'direct_email'
    union all
    select
        voter_phones.state,
        voter_phones.svid,
        in_force.suppressed_channel,
        coalesce(in_force.from_date, cast('1900-01-01' as date)) as from_date
    from in_force
    inner join voter_phones
        on in_force.phone_key = voter_phones.phone_key
),

grouped as (
    select
        state,
        svid,
        max(case when suppressed_channel in ('all', 'email') then 1 else 0 end) = 1 as is_email_suppressed,
        max(case when suppressed_channel in ('all', 'phone') then 1 else 0 end) = 1 as is_phone_suppressed,
        min(case when suppressed_channel in ('all', 'email') then from_date end) as email_suppressed_from,
        min(case when suppressed_channel in ('all', 'phone') then from_date end) as phone_suppressed_from
    from matched
    group by state, svid
)

select * from grouped
