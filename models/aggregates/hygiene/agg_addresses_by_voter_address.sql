with voter_emails as (
    select * from {{ ref('lnk_voter_email') }}
),

voter_persons as (
    select * from {{ ref('lnk_voter_person') }}
),

persons as (
    select * from {{ ref('stg_voterfile__persons') }}
),

voter_numbers as (
    select * from {{ ref('key_voters') }}
),

email_events as (
    select * from {{ ref('fct_email_events') }}
),

clock as (
    select * from {{ ref('stg_clock') }}
),

-- Every used address, and every address that a person gave as their own, used or not.
linked as (
    select
        state,
        svid,
        email_key,
        cast(null as varchar) as refused_as,
        cast(null as varchar) as person_id,
        max(case when link_method = 'direct_email' then 1 else 0 end) = 1 as is_direct,
        max(case when is_used then 1 else 0 end) = 1 as is_used
    from voter_emails
    where
        is_used
        or link_method = 'direct_email'
    group by state, svid, email_key
),

-- Text that is not an address links to nothing; it is counted all the same (F67).
refused as (
    select distinct
        voter_persons.state,
        voter_persons.svid,
        cast(null as varchar) as email_key,
        persons.email_refused_as as refused_as,
        voter_persons.person_id,
        true as is_direct,
        false as is_used
    from voter_persons
    inner join persons
        on
            voter_persons.person_id = persons.person_id
            and voter_persons.state = persons.state
    where persons.email_refused_as is not null
),

united as (
    select * from linked
    union all
    select * from refused
),

summed_by_address as (
    select
        email_key,
        cast(sum(sends) as bigint) as sends,
        cast(sum(bounces) as bigint) as bounces,
        cast(sum(case when is_engagement then 1 else 0 end) as bigint) as engagements,
        max(case when is_engagement then event_at end) as last_engagement_at
    from email_events
    group by email_key
),

unanswered_by_address as (
    select
        email_events.email_key,
        cast(sum(email_events.sends) as bigint) as unanswered_sends,
        cast(min(email_events.event_at) as date) as first_unanswered_date
    from email_events
    inner join summed_by_address
        on email_events.email_key = summed_by_address.email_key
    where
        email_events.sends > 0
        and (
            summed_by_address.last_engagement_at is null
            or email_events.event_at > summed_by_address.last_engagement_at
        )
    group by email_events.email_key
),

-- Only the few addresses with a bounce are examined event by event.
bouncing_events as (
    select
        email_events.email_key,
        email_events.event_at,
        email_events.sends,
        email_events.bounces,
        email_events.is_engagement,
        max(case when email_events.bounces > 0 then email_events.event_at end) over (
            partition by email_events.email_key, email_events.campaign_id
        ) as campaign_bounced_at
    from email_events
    inner join summed_by_address
        on email_events.email_key = summed_by_address.email_key
    where summed_by_address.bounces > 0
),

-- Two proofs of a delivery: an engagement, or a message that has not bounced for as long as servers try.
delivered_by_address as (
    select
        bouncing_events.email_key,
        max(case
            when bouncing_events.is_engagement then bouncing_events.event_at
            when
                bouncing_events.sends > 0
                and bouncing_events.event_at > coalesce(
                    bouncing_events.campaign_bounced_at, cast('1900-01-01' as timestamp)
                )
                and {{ days_between('bouncing_events.event_at', 'clock.as_of_date') }}
                >= {{ rule_value('hygiene_thresholds', 'bounce_wait_days') }}
                then bouncing_events.event_at
        end) as last_delivered_at
    from bouncing_events
    cross join clock
    group by bouncing_events.email_key
),

-- Bounces since the last delivery are bounces in a row.
counted_bounces as (
    select
        bouncing_events.*,
        coalesce(bouncing_events.event_at > delivered_by_address.last_delivered_at, true) as is_in_row
    from bouncing_events
    inner join delivered_by_address
        on bouncing_events.email_key = delivered_by_address.email_key
    where bouncing_events.bounces > 0
),

bounced_by_address as (
    select
        email_key,
        cast(sum(case when is_in_row then bounces else 0 end) as bigint) as bounces_in_a_row,
        min(case when is_in_row then event_at end) as first_bounce_in_row_at,
        max(event_at) as last_bounce_at
    from counted_bounces
    group by email_key
),

numbered as (
    select
        united.*,
        voter_numbers.voter_number,
        row_number() over (
            partition by voter_numbers.voter_number
            order by
                united.is_used desc,
                united.is_direct desc,
                united.email_key asc nulls last,
                united.refused_as asc,
                united.person_id asc
        ) as address_rank,
        united.email_key is null
        or row_number() over (partition by united.email_key order by voter_numbers.voter_number) = 1 as is_first_voter
    from united
    inner join voter_numbers
        on
            united.state = voter_numbers.state
            and united.svid = voter_numbers.svid
),

joined as (
    select
        numbered.voter_number,
        numbered.address_rank,
        numbered.email_key,
        numbered.refused_as,
        numbered.is_first_voter,
        numbered.is_direct,
        numbered.is_used,
        coalesce(summed_by_address.sends, 0) as sends,
        coalesce(summed_by_address.engagements, 0) as engagements,
        coalesce(unanswered_by_address.unanswered_sends, 0) as unanswered_sends,
        coalesce(summed_by_address.bounces, 0) as bounces,
        coalesce(bounced_by_address.bounces_in_a_row, 0) as bounces_in_a_row,
        case
            when bounced_by_address.bounces_in_a_row > 0
                then {{ days_between(
                    'bounced_by_address.first_bounce_in_row_at', 'bounced_by_address.last_bounce_at'
                ) }}
        end as bounce_days,
        unanswered_by_address.first_unanswered_date,
        cast(bounced_by_address.last_bounce_at as date) as last_bounce_date,
        cast(summed_by_address.last_engagement_at as date) as last_engagement_date
    from numbered
    -- Many addresses never got an e-mail, most never bounced one, and some answered the last one.
    left join summed_by_address
        on numbered.email_key = summed_by_address.email_key
    left join unanswered_by_address
        on numbered.email_key = unanswered_by_address.email_key
    left join bounced_by_address
        on numbered.email_key = bounced_by_address.email_key
)

select * from joined
order by voter_number, address_rank
