with addresses as (
    select * from {{ ref('agg_addresses_by_voter_address') }}
),

voters as (
    select * from {{ ref('key_voters') }}
),

activity as (
    select * from {{ ref('agg_activity_by_voter') }}
),

contact_permissions as (
    select * from {{ ref('contact_permissions') }}
),

disposable_domains as (
    select * from {{ ref('disposable_domains') }}
),

mailbox_domains as (
    select * from {{ ref('mailbox_domains') }}
),

role_names as (
    select * from {{ ref('role_names') }}
),

address_classes as (
    select * from {{ ref('address_classes') }}
),

domains as (
    select distinct substring(email_key, strpos(email_key, '@') + 1) as domain
    from addresses
    where email_key is not null
),

-- Services hand out names below their own, so the domains above count, too, three up and the last label.
parents as (
    select
        domain,
        case when strpos(domain, '.') > 0 then substring(domain, strpos(domain, '.') + 1) end as parent
    from domains
),

grandparents as (
    select
        domain,
        parent,
        case when strpos(parent, '.') > 0 then substring(parent, strpos(parent, '.') + 1) end as grandparent
    from parents
),

suffixes as (
    select
        domain,
        domain as suffix
    from grandparents
    union all
    select
        domain,
        parent as suffix
    from grandparents
    where parent is not null
    union all
    select
        domain,
        grandparent as suffix
    from grandparents
    where grandparent is not null
    union all
    select
        domain,
        substring(grandparent, strpos(grandparent, '.') + 1) as suffix
    from grandparents
    where strpos(grandparent, '.') > 0
    union all
    select
        domain,
        {{ extracted('domain', '([^.]+)$') }} as suffix
    from grandparents
),

listed_domains as (
    select
        domain,
        domain_class,
        mailbox_provider
    from mailbox_domains
    union all
    select
        domain,
        domain_class,
        cast(null as varchar) as mailbox_provider
    from disposable_domains
),

-- A relay stands on lists of disposable services now and then, and is none.
ranked_domains as (
    select
        suffixes.domain,
        listed_domains.domain_class,
        listed_domains.mailbox_provider,
        row_number() over (
            partition by suffixes.domain
            order by
                case listed_domains.domain_class
                    when 'relay' then 1
                    when 'public' then 2
                    when 'reserved' then 3
                    else 4
                end,
                length(suffixes.suffix) desc,
                suffixes.suffix
        ) as place
    from suffixes
    inner join listed_domains
        on suffixes.suffix = listed_domains.domain
    where
        listed_domains.domain_class <> 'public'
        or suffixes.suffix = suffixes.domain
),

described as (
    select
        voters.state,
        voters.svid,
        addresses.address_rank,
        addresses.voter_number,
        addresses.refused_as,
        addresses.is_first_voter,
        addresses.is_direct,
        addresses.is_used,
        addresses.sends,
        addresses.engagements,
        addresses.unanswered_sends,
        addresses.bounces,
        addresses.bounces_in_a_row,
        addresses.bounce_days,
        addresses.first_unanswered_date,
        addresses.last_bounce_date,
        addresses.last_engagement_date,
        cast(activity.last_event_at as date) as last_act_date,
        contact_permissions.may_email,
        contact_permissions.contact_blocked_by,
        case when addresses.refused_as is null then coalesce(ranked_domains.domain_class, 'other') end as domain_class,
        ranked_domains.mailbox_provider,
        role_names.role_name is not null as is_role_name,
        coalesce(
            {{ days_between('addresses.last_engagement_date', as_of_date()) }}
            <= {{ seed_number('hygiene_thresholds', 'rule', 'engaged_days', 'threshold') }}, false
        ) as is_engaged,
        case
            when addresses.refused_as is not null then 'none'
            when
                addresses.bounces_in_a_row
                >= {{ seed_number('hygiene_thresholds', 'rule', 'hard_bounces', 'threshold') }}
                and addresses.bounce_days
                >= {{ seed_number('hygiene_thresholds', 'rule', 'hard_bounce_days', 'threshold') }}
                then 'hard'
            when addresses.bounces_in_a_row > 0 then 'soft'
            when addresses.bounces > 0 then 'recovered'
            else 'none'
        end as bounce_class
    from addresses
    inner join voters
        on addresses.voter_number = voters.voter_number
    inner join contact_permissions
        on addresses.voter_number = contact_permissions.voter_number
    -- Most voters never did anything, most domains are on no list, and most local parts are names.
    left join activity
        on addresses.voter_number = activity.voter_number
    left join ranked_domains
        on
            substring(addresses.email_key, strpos(addresses.email_key, '@') + 1) = ranked_domains.domain
            and ranked_domains.place = 1
    left join role_names
        on {{ extracted('addresses.email_key', '^([^@+]+)') }} = role_names.role_name
),

classed as (
    select
        state,
        svid,
        address_rank,
        voter_number,
        refused_as,
        is_first_voter,
        is_direct,
        is_used,
        sends,
        engagements,
        unanswered_sends,
        bounces,
        bounces_in_a_row,
        last_bounce_date,
        last_engagement_date,
        may_email,
        contact_blocked_by,
        domain_class,
        mailbox_provider,
        is_engaged,
        bounce_class,
        case
            when refused_as is not null then 'malformed'
            when domain_class = 'disposable' then 'disposable'
            when domain_class = 'relay' then 'relay'
            when is_role_name then 'role'
            when is_engaged then 'valid'
            when bounce_class = 'hard' or domain_class = 'reserved' then 'risky'
            else 'valid'
        end as address_class,
        -- Quiet is who got enough, long enough, and did nothing on any channel since.
        coalesce(
            unanswered_sends >= {{ seed_number('hygiene_thresholds', 'rule', 'inactive_sends', 'threshold') }}
            and {{ days_between('first_unanswered_date', as_of_date()) }}
            >= {{ seed_number('hygiene_thresholds', 'rule', 'inactive_days', 'threshold') }}
            and (
                last_act_date is null
                or {{ days_between('last_act_date', as_of_date()) }}
                >= {{ seed_number('hygiene_thresholds', 'rule', 'inactive_days', 'threshold') }}
            ), false
        ) as is_inactive_suppressed
    from described
),

judged as (
    select
        classed.state,
        classed.svid,
        classed.address_rank,
        classed.address_class,
        case
            when classed.refused_as is not null then classed.refused_as
            when classed.address_class = 'risky' and classed.bounce_class = 'hard' then 'hard_bounce'
            when classed.address_class = 'risky' then 'reserved_domain'
        end as class_reason,
        classed.domain_class,
        classed.mailbox_provider,
        classed.is_first_voter,
        classed.is_direct,
        classed.is_used,
        classed.is_engaged,
        classed.sends,
        classed.engagements,
        classed.unanswered_sends,
        classed.bounces,
        classed.bounces_in_a_row,
        classed.bounce_class,
        classed.last_bounce_date,
        classed.last_engagement_date,
        classed.is_inactive_suppressed,
        case
            when classed.address_class = 'malformed' then 'malformed'
            when not classed.may_email then classed.contact_blocked_by
            when not classed.is_used then 'link_not_used'
            when classed.bounce_class = 'hard' and not classed.is_engaged then 'hard_bounce'
            when
                not address_classes.is_mailed
                and not (classed.is_engaged and address_classes.is_mailed_when_engaged)
                then classed.address_class
            when classed.is_inactive_suppressed then 'inactive'
        end as mail_blocked_by,
        classed.voter_number
    from classed
    inner join address_classes
        on classed.address_class = address_classes.address_class
),

decided as (
    select
        state,
        svid,
        address_rank,
        address_class,
        class_reason,
        domain_class,
        mailbox_provider,
        is_first_voter,
        is_direct,
        is_used,
        is_engaged,
        sends,
        engagements,
        unanswered_sends,
        bounces,
        bounces_in_a_row,
        bounce_class,
        last_bounce_date,
        last_engagement_date,
        is_inactive_suppressed,
        mail_blocked_by is null as should_mail,
        mail_blocked_by,
        voter_number,
        '{{ invocation_id }}' as build_id
    from judged
)

select * from decided
