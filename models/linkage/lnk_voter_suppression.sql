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

-- By the day of the build, not by the clock: who asked for no contact since the last event is to be heard today.
in_force as (
    select
        email_key,
        phone_key,
        svid_state,
        svid,
        suppressed_channel
    from suppressions
    where
        from_date is null
        or cast(from_date as date) <= {{ build_date() }}
),

-- A bare voter id means the voters of every state that has it. An address counts where it is used or the
-- voter's own, a phone where it is the voter's own, in use or not: rather one person too many.
matched as (
    select
        voters.state,
        voters.svid,
        in_force.suppressed_channel
    from in_force
    inner join voters
        on
            in_force.svid = voters.svid
            and voters.state = coalesce(in_force.svid_state, voters.state)
    union all
    select
        voter_emails.state,
        voter_emails.svid,
        in_force.suppressed_channel
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
        in_force.suppressed_channel
    from in_force
    inner join voter_phones
        on in_force.phone_key = voter_phones.phone_key
),

grouped as (
    select
        state,
        svid,
        max(case when suppressed_channel in ('all', 'email') then 1 else 0 end) = 1 as is_email_suppressed,
        max(case when suppressed_channel in ('all', 'phone') then 1 else 0 end) = 1 as is_phone_suppressed
    from matched
    group by state, svid
)

select * from grouped
