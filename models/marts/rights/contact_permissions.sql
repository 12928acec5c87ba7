with profiles as (
    select * from {{ ref('enriched_profiles') }}
),

suppressions as (
    select * from {{ ref('lnk_voter_suppression') }}
),

usable_gifts as (
    select * from {{ ref('agg_usable_gifts_by_voter') }}
),

permitted_use as (
    select * from {{ ref('permitted_use') }}
),

behavior as (
    select * from {{ ref('agg_behavior_by_voter_channel') }}
),

engagement as (
    select * from {{ ref('agg_engagement_by_voter') }}
),

consents as (
    select * from {{ ref('lnk_voter_consent') }}
),

consent_rules as (
    select * from {{ ref('consent_rules') }}
),

-- A person who replied STOP to a text message, or refused a call, is not contacted by phone or text again.
phone_opt_outs as (
    select distinct voter_number
    from behavior
    where
        channel in ('sms', 'phone')
        and opt_outs > 0
),

state_rules as (
    select
        use,
        upper({{ text_id('subject') }}) as subject,
        case when is_permitted then 1 else 0 end as permission
    from permitted_use
    where subject_kind = 'state'
),

-- A state's own line takes precedence over the line `any`. A state may have no line at all.
reviewed_states as (
    select
        states.state,
        coalesce(
            max(case when state_rules.use = 'contact' and state_rules.subject <> 'ANY' then state_rules.permission end),
            max(case when state_rules.use = 'contact' then state_rules.permission end),
            1
        ) = 1 as is_contact_permitted,
        coalesce(
            max(case when state_rules.use = 'solicit' and state_rules.subject <> 'ANY' then state_rules.permission end),
            max(case when state_rules.use = 'solicit' then state_rules.permission end),
            1
        ) = 1 as is_solicit_permitted
    from (select distinct state from profiles) as states
    left join state_rules
        on state_rules.subject in (states.state, 'ANY')
    group by states.state
),

-- The basis of each channel, and whether the site has records of consents to it.
consent_bases as (
    select
        max(case when channel = 'email' then basis end) as email_basis,
        max(case when channel = 'sms' then basis end) as text_basis,
        max(case when channel = 'phone' then basis end) as phone_basis
    from consent_rules
),

recorded_consents as (
    select
        count(case when email_consent = 'granted' then 1 end) > 0 as has_email,
        count(case when text_consent = 'granted' then 1 end) > 0 as has_text,
        count(case when phone_consent = 'granted' then 1 end) > 0 as has_phone
    from consents
),

reviewed as (
    select
        profiles.*,
        consents.email_consent,
        consents.text_consent,
        consents.phone_consent,
        {{ is_consented('consents.email_consent', 'consent_bases.email_basis', 'recorded_consents.has_email') }}
            as is_email_consented,
        {{ is_consented('consents.text_consent', 'consent_bases.text_basis', 'recorded_consents.has_text') }}
            as is_text_consented,
        {{ is_consented('consents.phone_consent', 'consent_bases.phone_basis', 'recorded_consents.has_phone') }}
            as is_phone_consented,
        phone_opt_outs.voter_number is not null as has_opted_out_by_phone,
        -- Rows of machines are not in these counts.
        coalesce(engagement.unsubs + engagement.complaints > 0, false) as has_opted_out_in_person,
        coalesce(suppressions.is_email_suppressed, false) as is_email_suppressed,
        coalesce(suppressions.is_phone_suppressed, false) as is_phone_suppressed,
        reviewed_states.is_contact_permitted as is_state_contact_permitted,
        reviewed_states.is_solicit_permitted as is_state_solicit_permitted,
        coalesce(usable_gifts.is_contact_permitted, true) as is_donor_contact_permitted,
        coalesce(usable_gifts.is_solicit_permitted, true) as is_donor_solicit_permitted
    from profiles
    inner join reviewed_states
        on profiles.state = reviewed_states.state
    cross join consent_bases
    cross join recorded_consents
    -- Few voters made a choice about a channel, opted out or are suppressed, and few have given.
    left join consents
        on
            profiles.state = consents.state
            and profiles.svid = consents.svid
    left join engagement
        on
            profiles.state = engagement.state
            and profiles.svid = engagement.svid
    left join phone_opt_outs
        on profiles.voter_number = phone_opt_outs.voter_number
    left join suppressions
        on
            profiles.state = suppressions.state
            and profiles.svid = suppressions.svid
    left join usable_gifts
        on
            profiles.state = usable_gifts.state
            and profiles.svid = usable_gifts.svid
),

-- The first reason that applies.
blocked as (
    select
        *,
        is_state_contact_permitted and is_donor_contact_permitted as is_contact_permitted,
        case
            when is_email_suppressed or is_phone_suppressed then 'suppressed'
            when has_opted_out_in_person then 'opted_out'
            when has_opted_out then 'machine'
            when not is_state_contact_permitted then 'permitted_use_of_state'
            when not is_donor_contact_permitted then 'permitted_use'
        end as contact_reason,
        case
            when not is_state_solicit_permitted then 'permitted_use_of_state'
            when not is_donor_solicit_permitted then 'permitted_use'
        end as solicitation_reason
    from reviewed
),

permitted as (
    select
        state,
        svid,
        is_contact_permitted and not is_email_suppressed and not has_opted_out and is_email_consented as may_email,
        is_contact_permitted and not is_phone_suppressed and not has_opted_out_by_phone and is_phone_consented
            as may_phone,
        is_contact_permitted and not is_phone_suppressed and not has_opted_out_by_phone and is_text_consented
            as may_text,
        coalesce(contact_reason, solicitation_reason) is null as may_solicit,
        contact_reason as contact_blocked_by,
        coalesce(contact_reason, solicitation_reason) as solicitation_blocked_by,
        email_consent,
        text_consent,
        phone_consent,
        voter_number,
        '{{ invocation_id }}' as build_id
    from blocked
)

select * from permitted
