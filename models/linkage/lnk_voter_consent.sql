with consents as (
    select * from {{ ref('stg_rights__consents') }}
),

person_custom_fields as (
    select * from {{ ref('base_voterfile__person_custom_fields') }}
),

custom_fields as (
    select * from {{ ref('stg_voterfile__custom_fields') }}
),

voter_persons as (
    select * from {{ ref('lnk_voter_person') }}
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

-- The limit is the day of the build, not the clock: a choice made after the last event counts today.
in_force as (
    select *
    from consents
    where
        decided_on is null
        or decided_on <= {{ build_date() }}
),

-- The same voters as those of a suppression (lnk_voter_suppression).
matched as (
    select
        voters.state,
        voters.svid,
        in_force.channel,
        in_force.is_granted,
        in_force.decided_on
    from in_force
    inner join voters
        on
            in_force.svid = voters.svid
            and voters.state = coalesce(in_force.svid_state, voters.state)
    union all
    select
        voter_emails.state,
        voter_emails.svid,
        in_force.channel,
        in_force.is_granted,
        in_force.decided_on
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
        in_force.channel,
        in_force.is_granted,
        in_force.decided_on
    from in_force
    inner join voter_phones
        on in_force.phone_key = voter_phones.phone_key
    union all
    -- A custom field has no day: it yields to a choice with one.
    select
        voter_persons.state,
        voter_persons.svid,
        replace(custom_fields.field_name, '_consent', '') as channel,
        {{ is_consent('lower(person_custom_fields.field_value)') }} as is_granted,
        cast('1900-01-01' as date) as decided_on
    from person_custom_fields
    inner join custom_fields
        on person_custom_fields.custom_field_id = custom_fields.custom_field_id
    inner join voter_persons
        on person_custom_fields.person_id = voter_persons.person_id
    where
        person_custom_fields.rejection_reason is null
        and (
            custom_fields.field_name = 'email_consent'
            or custom_fields.field_name = 'sms_consent'
            or custom_fields.field_name = 'phone_consent'
        )
        and person_custom_fields.field_value is not null
),

channels as (
    select
        channels.channel,
        matched.state,
        matched.svid,
        matched.is_granted,
        matched.decided_on
    from matched
    inner join (values ('email'), ('sms'), ('phone')) as channels (channel)
        on matched.channel in ('all', channels.channel)
),

-- The last choice counts. A withdrawal without a day always applies, and so does one of the same day.
ranked as (
    select
        *,
        row_number() over (
            partition by state, svid, channel
            order by
                case when decided_on is null and not is_granted then 0 else 1 end,
                decided_on desc nulls last,
                case when is_granted then 1 else 0 end
        ) as choice_rank
    from channels
),

pivoted as (
    select
        state,
        svid,
        max(case when channel = 'email' then case when is_granted then 'granted' else 'withdrawn' end end)
            as email_consent,
        max(case when channel = 'sms' then case when is_granted then 'granted' else 'withdrawn' end end)
            as text_consent,
        max(case when channel = 'phone' then case when is_granted then 'granted' else 'withdrawn' end end)
            as phone_consent
    from ranked
    where choice_rank = 1
    group by state, svid
)

select * from pivoted
