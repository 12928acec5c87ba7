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
    select distinct {{ extracted('email_key', '@(.+)$') }} as domain
    from addresses
    where email_key is not null
),

-- A service may hand out names below its own: look up the domain, three levels above it, and its last label.
suffixes as (
    {% for suffix in [
        '^(.+)$', '^[^.]+[.](.+)$', '^[^.]+[.][^.]+[.](.+)$', '^[^.]+[.][^.]+[.][^.]+[.](.+)$', '([^.]+)$'
    ] %}
    select
        domain,
        {{ extracted('domain', suffix) }} as suffix
    from domains
    {% if not loop.last %}
    union
    {% endif %}
    {% endfor %}
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

-- Lists of disposable services name relays now and then; a listed relay stays a relay.
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
        addresses.*,
        voters.state,
        voters.svid,
        cast(activity.last_event_at as date) as last_act_date,
        contact_permissions.may_email,
        contact_permissions.contact_blocked_by,
        case when addresses.refused_as is null then coalesce(ranked_domains.domain_class, 'other') end as domain_class,
        ranked_domains.mailbox_provider,
        role_names.role_name is not null as is_role_name,
        coalesce(
            {{ days_between('addresses.last_engagement_date', as_of_date()) }}
            <= {{ rule_value('hygiene_thresholds', 'engaged_days') }}, false
        ) as is_engaged,
        case
            when addresses.refused_as is not null then 'none'
            when
                addresses.bounces_in_a_row >= {{ rule_value('hygiene_thresholds', 'hard_bounces') }}
                and addresses.bounce_days >= {{ rule_value('hygiene_thresholds', 'hard_bounce_days') }}
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
            {{ extracted('addresses.email_key', '@(.+)$') }} = ranked_domains.domain
            and ranked_domains.place = 1
    left join role_names
        on {{ extracted('addresses.email_key', '^([^@+]+)') }} = role_names.role_name
),

classed as (
    select
        *,
        case
            when refused_as is not null then 'malformed'
            when domain_class = 'disposable' then 'disposable'
            when domain_class = 'relay' then 'relay'
            when is_role_name then 'role'
            when is_engaged then 'valid'
            when bounce_class = 'hard' or domain_class = 'reserved' then 'risky'
            else 'valid'
        end as address_class,
        -- Inactive: many messages over a long time, and no act on any channel since.
        coalesce(
            unanswered_sends >= {{ rule_value('hygiene_thresholds', 'inactive_sends') }}
            and {{ days_between('first_unanswered_date', as_of_date()) }}
            >= {{ rule_value('hygiene_thresholds', 'inactive_days') }}
            and (
                last_act_date is null
                or {{ days_between('last_act_date', as_of_date()) }}
                >= {{ rule_value('hygiene_thresholds', 'inactive_days') }}
            ), false
        ) as is_inactive_suppressed
    from described
),

blocked as (
    select
        classed.*,
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
        end as mail_blocked_by
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
        case
            when address_class = 'malformed' then refused_as
            when address_class = 'risky' and bounce_class = 'hard' then 'hard_bounce'
            when address_class = 'risky' then 'reserved_domain'
        end as class_reason,
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
    from blocked
)

select * from decided
