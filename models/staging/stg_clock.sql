{{ config(materialized='table') }}

{% if var('as_of_date') %}

with given as (
    select
        {{ given_as_of_date() }} as as_of_date,
        'var' as as_of_source
)

select * from given

{% else %}

{% set last_event_day = last_day_of('email_clickers', 'event_date') %}
{% set last_gift_day = last_day_of('donations', 'donation_date') %}

with email_events as {{ inlined() }} (
    select * from {{ ref('base_outreach__email_events') }}
),

donations as {{ inlined() }} (
    select * from {{ ref('base_giving__donations') }}
),

-- The last day of the deliveries nearly always holds a valid row, and the first that is found will do. A range of
-- plain moments, not of their days, is what lets the engine pass over all other rows.
last_events as (
    select {{ last_event_day }} as happened_at
    where
        exists (
            select 1
            from email_events
            where
                email_events.event_at >= {{ last_event_day }}
                and email_events.rejection_reason is null
                and email_events.event_at < {{ build_date() }} + interval '1 day'
        )
),

all_events as (
    select max(event_at) as happened_at
    from email_events
    where
        rejection_reason is null
        and event_at < {{ build_date() }} + interval '1 day'
        and not exists (
            select 1
            from last_events
        )
),

last_gifts as (
    select {{ last_gift_day }} as happened_at
    where
        exists (
            select 1
            from donations
            where
                donations.donated_at >= {{ last_gift_day }}
                and donations.rejection_reason is null
                and donations.donated_at < {{ build_date() }} + interval '1 day'
        )
),

all_gifts as (
    select max(donated_at) as happened_at
    from donations
    where
        rejection_reason is null
        and donated_at < {{ build_date() }} + interval '1 day'
        and not exists (
            select 1
            from last_gifts
        )
),

latest as (
    select happened_at from last_events
    union all
    select happened_at from all_events
    union all
    select happened_at from last_gifts
    union all
    select happened_at from all_gifts
),

-- Without a single valid event or gift nothing can be recent: the day of the build serves.
defaulted as (
    select
        coalesce(max(cast(happened_at as date)), {{ build_date() }}) as as_of_date,
        'latest event or gift' as as_of_source
    from latest
)

select * from defaulted

{% endif %}
