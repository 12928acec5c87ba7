with donations as (
    select * from {{ ref('stg_giving__donations') }}
),

voter_addresses as (
    select * from {{ ref('lnk_voter_address') }}
),

voter_phones as (
    select * from {{ ref('lnk_voter_phone') }}
),

-- The first voter of a phone stands for it where a single contact is meant.
phone_voters as (
    select
        phone_key,
        min({{ voter_text('state', 'svid') }}) as first_voter
    from voter_phones
    where is_used
    group by phone_key
),

address_voters as (
    select
        email_key,
        {{ voter_text('state', 'svid') }} as first_voter
    from voter_addresses
    where is_first_voter
),

-- The e-mail decides; the phone is asked only when the e-mail leads to no voter (F08).
linked as (
    select
        donations.donation_id,
        donations.email_key,
        donations.phone_key,
        donations.donated_at,
        donations.state,
        donations.amount,
        donations.donation_source,
        coalesce(address_voters.first_voter, phone_voters.first_voter) as first_voter,
        case
            when address_voters.first_voter is not null then 'email'
            when phone_voters.first_voter is not null then 'phone'
        end as link_method
    from donations
    -- Most gifts are strangers'.
    left join address_voters
        on donations.email_key = address_voters.email_key
    left join phone_voters
        on donations.phone_key = phone_voters.phone_key
),

-- A gift without an id is known by its columns. One without a source has the id that it had before there
-- were sources.
keyed as {{ materialized() }} (
    select
        coalesce(donation_id, {{ keyed_hash(
            surrogate_key(['email_key', 'phone_key', 'donated_at', 'state', 'amount'])
            ~ " || coalesce(chr(31) || donation_source, '')"
        ) }}) as donation_id,
        email_key,
        phone_key,
        donated_at,
        state,
        amount,
        donation_source,
        first_voter,
        link_method
    from linked
),

-- Few gifts came twice; the others need no order.
repeated_ids as (
    select donation_id
    from keyed
    group by donation_id
    having count(*) > 1
),

-- A voter's row goes before a stranger's, then the first in interface order stays (F50).
numbered as (
    select
        donation_id,
        email_key,
        phone_key,
        donated_at,
        amount,
        donation_source,
        first_voter,
        link_method,
        count(case when link_method is not null then 1 end) over (partition by donation_id) as linked_rows,
        row_number() over (
            partition by donation_id
            order by
                case when link_method is not null then 0 else 1 end,
                donated_at nulls last,
                email_key nulls last,
                phone_key nulls last,
                state nulls last,
                amount nulls last,
                donation_source nulls last
        ) as row_in_donation
    from keyed
    where donation_id in (select repeated_ids.donation_id from repeated_ids)
),

deduplicated as (
    select
        donation_id,
        email_key,
        phone_key,
        donated_at,
        amount,
        donation_source,
        first_voter,
        link_method,
        linked_rows
    from numbered
    where row_in_donation = 1
    union all
    select
        donation_id,
        email_key,
        phone_key,
        donated_at,
        amount,
        donation_source,
        first_voter,
        link_method,
        case when link_method is not null then 1 else 0 end as linked_rows
    from keyed
    where
        not exists (
            select 1
            from repeated_ids
            where repeated_ids.donation_id = keyed.donation_id
        )
),

identified as (
    select
        donation_id,
        email_key,
        phone_key,
        donated_at,
        amount,
        donation_source,
        -- A refund lowers sums and is no gift.
        amount is null or amount >= 0 as is_gift,
        link_method,
        left(first_voter, 2) as contact_state,
        substring(first_voter, 4) as contact_svid,
        {{ keyed_hash('coalesce(first_voter, email_key, phone_key)') }} as contact_id,
        cast(linked_rows as bigint) as linked_rows
    from deduplicated
)

select * from identified
