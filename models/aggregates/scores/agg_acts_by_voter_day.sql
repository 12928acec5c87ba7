with events as (
    select * from {{ ref('fct_voter_events') }}
),

event_types as (
    select * from {{ ref('event_types') }}
),

donation_voters as (
    select * from {{ ref('fct_donation_voters') }}
),

voter_numbers as (
    select * from {{ ref('key_voters') }}
),

-- An opt-out is no sign of activity (F96); a gift is one, whatever it may be used for.
human_events as (
    select
        events.voter_number,
        cast(events.occurred_at as date) as active_date,
        events.event_type = 'donation' as is_gift,
        events.channel,
        events.client_shortname,
        case when events.source_table = 'email_clickers' then events.campaign_id end as engaged_campaign_id,
        case when events.source_table = 'email_clickers' and events.event_type = 'email_click' then events.quantity end
            as clicks,
        cast(event_types.engagement_points as decimal(18, 4)) * events.quantity as points
    from events
    inner join event_types
        on events.event_type = event_types.event_type
    where
        events.is_human
        and event_types.role <> 'opt_out'
),

-- Acts other than gifts, which are counted apart: some may not serve to solicit.
acts as (
    select * from human_events
    where not is_gift
),

-- The first day of a subject: how many subjects a voter knew by any day is the number of first days until then.
first_days as (
    select
        voter_number,
        min(active_date) as active_date,
        'campaign' as subject
    from acts
    where engaged_campaign_id is not null
    group by voter_number, engaged_campaign_id
    union all
    select
        voter_number,
        min(active_date) as active_date,
        'client' as subject
    from acts
    where client_shortname is not null
    group by voter_number, client_shortname
    union all
    select
        voter_number,
        min(active_date) as active_date,
        'channel' as subject
    from acts
    group by voter_number, channel
),

-- A gift that may not serve to solicit does not decide whom to ask.
gifts as (
    select
        voter_numbers.voter_number,
        cast(donation_voters.donated_at as date) as active_date,
        donation_voters.amount
    from donation_voters
    inner join voter_numbers
        on
            donation_voters.state = voter_numbers.state
            and donation_voters.svid = voter_numbers.svid
    where
        donation_voters.is_gift
        and donation_voters.is_solicit_permitted
),

united as (
    select
        voter_number,
        active_date,
        count(*) as human_events,
        count(case when not is_gift then 1 end) as acts,
        count(case when channel <> 'email' then 1 end) as other_acts,
        cast(coalesce(sum(clicks), 0) as bigint) as clicks,
        0 as campaigns,
        0 as clients,
        0 as channels,
        cast(coalesce(sum(points), 0) as decimal(18, 4)) as points,
        0 as gifts,
        cast(0 as decimal(18, 2)) as gift_amount
    from human_events
    group by voter_number, active_date
    union all
    select
        voter_number,
        active_date,
        0 as human_events,
        0 as acts,
        0 as other_acts,
        0 as clicks,
        count(case when subject = 'campaign' then 1 end) as campaigns,
        count(case when subject = 'client' then 1 end) as clients,
        count(case when subject = 'channel' then 1 end) as channels,
        cast(0 as decimal(18, 4)) as points,
        0 as gifts,
        cast(0 as decimal(18, 2)) as gift_amount
    from first_days
    group by voter_number, active_date
    union all
    select
        voter_number,
        active_date,
        0 as human_events,
        0 as acts,
        0 as other_acts,
        0 as clicks,
        0 as campaigns,
        0 as clients,
        0 as channels,
        cast(0 as decimal(18, 4)) as points,
        count(*) as gifts,
        cast(coalesce(sum(amount), 0) as decimal(18, 2)) as gift_amount
    from gifts
    group by voter_number, active_date
),

summed_by_day as (
    select
        voter_number,
        active_date,
        cast(sum(human_events) as bigint) as human_events,
        cast(sum(acts) as bigint) as acts,
        cast(sum(other_acts) as bigint) as other_acts,
        cast(sum(clicks) as bigint) as clicks,
        cast(sum(campaigns) as bigint) as new_campaigns,
        cast(sum(clients) as bigint) as new_clients,
        cast(sum(channels) as bigint) as new_channels,
        cast(sum(points) as decimal(18, 4)) as points,
        cast(sum(gifts) as bigint) as gifts,
        cast(sum(gift_amount) as decimal(18, 2)) as gift_amount
    from united
    group by voter_number, active_date
)

select * from summed_by_day
