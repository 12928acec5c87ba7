{{ config(materialized='table') }}

{% if var('as_of_date') %}

with given as (
    select
        {{ given_as_of_date() }} as as_of_date,
        'var' as as_of_source
)

select * from given

{% else %}

with email_events as {{ inlined() }} (
    select * from {{ ref('base_outreach__email_events') }}
),

donations as {{ inlined() }} (
    select * from {{ ref('base_giving__donations') }}
),

-- The last week of the deliveries nearly always holds a valid row, and few rows are judged there.
recent_events as (
    select max(event_at) as happened_at
    from email_events
    where
        event_at >= {{ last_week_of('email_clickers', 'event_date') }}
        and rejection_reason is null
        and cast(event_at as date) <= {{ build_date() }}
),

all_events as (
    select max(event_at) as happened_at
    from email_events
    where
        rejection_reason is null
        and cast(event_at as date) <= {{ build_date() }}
        and not exists (
            select 1
            from recent_events
            where recent_events.happened_at is not null
        )
),

recent_gifts as (
    select max(donated_at) as happened_at
    from donations
    where
        donated_at >= {{ last_week_of('donations', 'donation_date') }}
        and rejection_reason is null
        and cast(donated_at as date) <= {{ build_date() }}
),

all_gifts as (
    select max(donated_at) as happened_at
    from donations
    where
        rejection_reason is null
        and cast(donated_at as date) <= {{ build_date() }}
        and not exists (
            select 1
            from recent_gifts
            where recent_gifts.happened_at is not null
        )
),

latest as (
    select happened_at from recent_events
    union all
    select happened_at from all_events
    union all
    select happened_at from recent_gifts
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
