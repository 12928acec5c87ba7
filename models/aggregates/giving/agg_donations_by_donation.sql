with donations as (
    select * from {{ ref('stg_giving__donations') }}
),

voter_addresses as (
    select * from {{ ref('lnk_voter_address') }}
),

voter_phones as (
    select * from {{ ref('lnk_voter_phone') }}
),

-- Attribution asks a stranger's gift for its address only where the address clicked.
clicked_addresses as (
    select distinct email_key
    from {{ ref('agg_clicks_by_event') }}
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
keyed as (
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

hashed as {{ materialized() }} (
    select
        donation_id,
        {{ short_hash('donation_id') }} as donation_hash,
        email_key,
        phone_key,
        donated_at,
        state,
        amount,
        donation_source,
        first_voter,
        link_method
    from keyed
),

-- Few gifts came twice; the others need no order. A hash is cheaper to count than an id, and two ids of
-- one hash are told apart below.
repeated_hashes as (
    select donation_hash
    from hashed
    group by donation_hash
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
    from hashed
    where donation_hash in (select repeated_hashes.donation_hash from repeated_hashes)
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
    from hashed
    where
        not exists (
            select 1
            from repeated_hashes
            where repeated_hashes.donation_hash = hashed.donation_hash
        )
),

-- Of strangers nothing is kept that nothing asks for.
identified as (
    select
        donation_id,
        case
            when
                link_method is not null
                or email_key in (select clicked_addresses.email_key from clicked_addresses)
                then email_key
        end as email_key,
        case when link_method is not null then phone_key end as phone_key,
        donated_at,
        case when link_method is not null then amount end as amount,
        case when link_method is not null then donation_source end as donation_source,
        -- A refund lowers sums and is no gift.
        amount is null or amount >= 0 as is_gift,
        link_method,
        left(first_voter, 2) as contact_state,
        substring(first_voter, 4) as contact_svid,
        unhex({{ keyed_hash('coalesce(first_voter, email_key, phone_key)') }}) as contact_hash,
        cast(linked_rows as bigint) as linked_rows
    from deduplicated
)

select * from identified
-- A contact's gifts lie together, so that its hash is stored once.
order by contact_hash
