with voters as (
    select * from {{ ref('lnk_voter') }}
),

voter_numbers as (
    select * from {{ ref('key_voters') }}
),

voter_addresses as (
    select * from {{ ref('lnk_voter_address') }}
),

voter_phones as (
    select * from {{ ref('lnk_voter_phone') }}
),

engagement as (
    select * from {{ ref('agg_engagement_by_voter') }}
),

voter_donations as (
    select * from {{ ref('fct_donation_voters') }}
),

age_bands as (
    select * from {{ ref('age_bands') }}
),

rules as (
    select * from {{ birthday_rules() }} as birthday_rules
),

counted_addresses as (
    select
        state,
        svid,
        count(*) as emails_linked,
        max(shared_by) as max_shared_by
    from voter_addresses
    group by state, svid
),

counted_phones as (
    select
        state,
        svid,
        count(*) as phones_linked
    from voter_phones
    where is_used
    group by state, svid
),

-- Refunds lower the sum and are not gifts.
summed_donations as (
    select
        state,
        svid,
        cast(sum(case when is_gift then 1 else 0 end) as bigint) as donation_count,
        cast(sum(amount) as decimal(18, 2)) as donation_amount,
        cast(max(case when is_gift then donated_at end) as date) as last_donation_date
    from voter_donations
    group by state, svid
),

aged as (
    select
        voters.state,
        voters.svid,
        case
            when {{ is_plausible_birth('voters.birth_date', as_of_date(), 'rules') }}
                then {{ age_in_years('voters.birth_date', as_of_date()) }}
        end as age
    from voters
    cross join rules
),

-- Every voter once, with or without behavior (F01, F03).
profiled as (
    select
        voters.state,
        voters.svid,
        voters.person_id,
        voters.persons,
        voters.has_several_svids,
        voters.county,
        voters.party,
        voters.gender,
        age_bands.age_band,
        case
            when engagement.total_events > 0 or summed_donations.donation_count > 0 then 'with_behavior'
            else 'no_behavior'
        end as link_status,
        voters.is_contactable,
        coalesce(counted_addresses.emails_linked, 0) as emails_linked,
        coalesce(counted_phones.phones_linked, 0) as phones_linked,
        counted_addresses.max_shared_by,
        coalesce(engagement.total_events, 0) as total_events,
        coalesce(engagement.sends, 0) as sends,
        coalesce(engagement.engagements, 0) as engagements,
        coalesce(engagement.campaigns_engaged, 0) as campaigns_engaged,
        coalesce(engagement.clicks, 0) as total_clicks,
        coalesce(engagement.opens, 0) as total_opens,
        coalesce(engagement.clients_engaged, 0) as clients_engaged,
        coalesce(engagement.has_opted_out, false) as has_opted_out,
        coalesce(summed_donations.donation_count, 0) as donation_count,
        summed_donations.donation_amount,
        coalesce(summed_donations.donation_count > 0, false) as is_donor,
        coalesce(engagement.clicks > 0, false) as is_clicker,
        engagement.last_engagement_date,
        engagement.last_click_date,
        summed_donations.last_donation_date,
        voter_numbers.voter_number,
        '{{ invocation_id }}' as build_id
    from voters
    inner join voter_numbers
        on
            voters.state = voter_numbers.state
            and voters.svid = voter_numbers.svid
    left join aged
        on
            voters.state = aged.state
            and voters.svid = aged.svid
    -- Minors, and birth dates that are missing, implausible or in the future, have no band.
    left join age_bands
        on
            aged.age >= age_bands.min_age
            and aged.age <= coalesce(age_bands.max_age, aged.age)
    left join counted_addresses
        on
            voters.state = counted_addresses.state
            and voters.svid = counted_addresses.svid
    left join counted_phones
        on
            voters.state = counted_phones.state
            and voters.svid = counted_phones.svid
    left join engagement
        on
            voters.state = engagement.state
            and voters.svid = engagement.svid
    left join summed_donations
        on
            voters.state = summed_donations.state
            and voters.svid = summed_donations.svid
)

select * from profiled
