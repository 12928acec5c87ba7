{% set carried = carried_gifts(this) %}

with donations as {{ inlined() }} (
    select * from {{ ref('base_giving__donations') }}
),

voter_addresses as (
    select * from {{ ref('lnk_voter_address') }}
),

voter_phones as (
    select * from {{ ref('lnk_voter_phone') }}
),

-- The uses of each source. One line that forbids a use is enough, whatever its spelling.
sources as (
    select
        lower({{ text_id('subject') }}) as donation_source,
        min(case when use = 'contact' and not is_permitted then 0 else 1 end) = 1 as is_contact_permitted,
        min(case when use = 'solicit' then case when is_permitted then 1 else 0 end end) = 1 as is_solicit_permitted
    from {{ ref('permitted_use') }}
    where subject_kind = 'donation_source'
    group by lower({{ text_id('subject') }})
),

-- Attribution needs the address of a donor outside the voter file only if the address clicked.
clicked_addresses as (
    select distinct email_key
    from {{ ref('fct_clicks') }}
),

-- The first voter of a phone or address stands for it where a single contact is meant.
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

identified as {{ materialized() if carried else inlined() }} (
    select
        {{ donation_key() }} as donation_id,
        email_key,
        phone_key,
        donated_at,
        state,
        amount,
        donation_source,
        source_file,
        {{ is_expired('donations') }} as is_expired
    from donations
    where
        rejection_reason is null
        and not {{ is_future('donated_at') }}
),

{% if carried %}

known as {{ inlined() }} (
    select * from {{ carried_relation(this) }}
),

last_clock as (
    select as_of_date from {{ carried_relation(ref('stg_clock')) }}
),

last_clicked_addresses as (
    select distinct email_key
    from {{ carried_relation(ref('fct_clicks')) }}
),

last_phone_voters as (
    select
        phone_key,
        min({{ voter_text('state', 'svid') }}) as first_voter
    from {{ carried_relation(ref('lnk_voter_phone')) }}
    where is_used
    group by phone_key
),

last_address_voters as (
    select
        email_key,
        {{ voter_text('state', 'svid') }} as first_voter
    from {{ carried_relation(ref('lnk_voter_address')) }}
    where is_first_voter
),

-- Addresses and phones that lead to another voter than in the last build, and addresses whose clicks are new or gone.
changed_addresses as (
    select coalesce(address_voters.email_key, last_address_voters.email_key) as email_key
    from address_voters
    full outer join last_address_voters
        on address_voters.email_key = last_address_voters.email_key
    where address_voters.first_voter is distinct from last_address_voters.first_voter
    union all
    select coalesce(clicked_addresses.email_key, last_clicked_addresses.email_key) as email_key
    from clicked_addresses
    full outer join last_clicked_addresses
        on clicked_addresses.email_key = last_clicked_addresses.email_key
    where
        clicked_addresses.email_key is null
        or last_clicked_addresses.email_key is null
),

changed_phones as (
    select coalesce(phone_voters.phone_key, last_phone_voters.phone_key) as phone_key
    from phone_voters
    full outer join last_phone_voters
        on phone_voters.phone_key = last_phone_voters.phone_key
    where phone_voters.first_voter is distinct from last_phone_voters.first_voter
),

-- A donation is recomputed only if one of its rows is new or too old, was in the future, or leads to another voter or
-- click.
touched_ids as (
    select distinct donation_id
    from identified
    where
        not {{ is_in_files('source_file', carried) }}
        or is_expired
        or email_key in (select changed_addresses.email_key from changed_addresses)
        or phone_key in (select changed_phones.phone_key from changed_phones)
        or cast(donated_at as date) > (select last_clock.as_of_date from last_clock)
),

untouched as (
    select *
    from known
    where
        not exists (
            select 1
            from touched_ids
            where touched_ids.donation_id = known.donation_id
        )
),

{% endif %}

-- The address decides; the phone decides only if the address leads to no voter (F08).
linked as (
    select
        identified.*,
        coalesce(address_voters.first_voter, phone_voters.first_voter) as first_voter,
        case
            when address_voters.first_voter is not null then 'email'
            when phone_voters.first_voter is not null then 'phone'
        end as link_method,
        -- A gift without a source may be used. A source without a line was never reviewed: it may not serve to solicit.
        coalesce(sources.is_contact_permitted, true) as is_source_contact_permitted,
        coalesce(sources.is_solicit_permitted, identified.donation_source is null) as is_source_solicit_permitted
    from identified
    left join sources
        on identified.donation_source = sources.donation_source
    -- Most donors are not in the voter file.
    left join address_voters
        on identified.email_key = address_voters.email_key
    left join phone_voters
        on identified.phone_key = phone_voters.phone_key
    where
        not identified.is_expired
        and {{ 'identified.donation_id in (select touched_ids.donation_id from touched_ids)' if carried else 'true' }}
),

hashed as {{ materialized() }} (
    select
        *,
        {{ short_hash('donation_id') }} as donation_hash
    from linked
),

-- Few donations were delivered twice, and only these need an order. A hash is cheaper to count than an id; two ids may
-- share a hash; the key decides below.
repeated_hashes as (
    select donation_hash
    from hashed
    group by donation_hash
    having count(*) > 1
),

-- A row that leads to a voter stays before any other, then the first row in the order of the contract (F50).
ranked as (
    select
        *,
        count(case when link_method is not null then 1 end) over (partition by donation_id) as linked_rows,
        {{ differ_within(
            'donation_id', ['first_voter', 'cast(donated_at as date)', 'amount'], 'link_method is not null'
        ) }} as has_other_content,
        -- One row from a source that may be used is enough: the gift is known from there, too.
        max(case when is_source_contact_permitted then 1 else 0 end) over (partition by donation_id) = 1
            as is_contact_permitted,
        max(case when is_source_solicit_permitted then 1 else 0 end) over (partition by donation_id) = 1
            as is_solicit_permitted,
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
    select *
    from ranked
    where row_in_donation = 1
    union all
    select
        *,
        case when link_method is not null then 1 else 0 end as linked_rows,
        false as has_other_content,
        is_source_contact_permitted as is_contact_permitted,
        is_source_solicit_permitted as is_solicit_permitted,
        1 as row_in_donation
    from hashed
    where
        not exists (
            select 1
            from repeated_hashes
            where repeated_hashes.donation_hash = hashed.donation_hash
        )
),

-- Attribution looks for clicks before the gifts of voters, and of other donors whose address clicked.
classified as (
    select
        *,
        link_method is not null
        or coalesce(email_key in (select clicked_addresses.email_key from clicked_addresses), false) as may_be_earned
    from deduplicated
),

-- Drop columns not needed for donors outside the voter file.
minimised as (
    select
        donation_id,
        case when may_be_earned then email_key end as email_key,
        case when link_method is not null then phone_key end as phone_key,
        case when may_be_earned then donated_at else cast(cast(donated_at as date) as timestamp) end as donated_at,
        case when link_method is not null then amount end as amount,
        case when link_method is not null then donation_source end as donation_source,
        case when link_method is not null then is_contact_permitted end as is_contact_permitted,
        case when link_method is not null then is_solicit_permitted end as is_solicit_permitted,
        -- A refund lowers sums and is no gift.
        amount is null or amount >= 0 as is_gift,
        link_method,
        left(first_voter, 2) as contact_state,
        substring(first_voter, 4) as contact_svid,
        unhex({{ keyed_hash('coalesce(first_voter, email_key, phone_key)') }}) as contact_hash,
        cast(linked_rows as bigint) as linked_rows,
        has_other_content
    from classified
),

united as (
    select * from minimised
    {% if carried %}
    {{ union_all_by_name() }}
    select * from untouched
    {% endif %}
)

select * from united
{% if not carried %}
-- The gifts of a contact lie together, so that its hash is stored once; carried rows keep their place.
order by contact_hash
{% endif %}
