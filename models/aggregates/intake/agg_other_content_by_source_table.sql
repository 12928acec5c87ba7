with email_events as (
    select * from {{ ref('fct_email_rows') }}
),

voter_addresses as (
    select * from {{ ref('lnk_voter_address') }}
),

donations as (
    select * from {{ ref('fct_donations') }}
),

channel_events as (
    select * from {{ ref('fct_channel_events') }}
),

-- A blank campaign or client is a content of its own, as it is in the identity of an event.
contents_by_event_id as (
    select
        event_id,
        min(email_key) as first_address,
        max(email_key) as last_address,
        min(coalesce(campaign_id, '')) as first_campaign,
        max(coalesce(campaign_id, '')) as last_campaign,
        min(coalesce(client_shortname, '')) as first_client,
        max(coalesce(client_shortname, '')) as last_client
    from email_events
    where
        {{ is_accepted_event() }}
        and event_id is not null
        and email_key in (select voter_addresses.email_key from voter_addresses)
    group by event_id
    having count(*) > 1
),

counted as (
    select
        'email_clickers' as source_table,
        count(*) as ids_with_other_content
    from contents_by_event_id
    where
        first_address <> last_address
        or first_campaign <> last_campaign
        or first_client <> last_client
    union all
    select
        'donations' as source_table,
        count(case when has_other_content then 1 end) as ids_with_other_content
    from donations
    union all
    select
        source_table,
        count(case when has_other_content then 1 end) as ids_with_other_content
    from channel_events
    group by source_table
)

select * from counted
