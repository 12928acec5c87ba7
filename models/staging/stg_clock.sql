{{ config(materialized='table') }}

{% if var('as_of_date') %}

with given as (
    select
        {{ given_as_of_date() }} as as_of_date,
        'var' as as_of_source
)

select * from given

{% else %}

with latest_events as (
    select event_at as happened_at
    from {{ ref('base_outreach__email_events') }}
    where
        rejection_reason is null
        and cast(event_at as date) <= {{ build_date() }}
    order by event_at desc nulls last
    limit 1
),

latest_gifts as (
    select donated_at as happened_at
    from {{ ref('base_giving__donations') }}
    where
        rejection_reason is null
        and cast(donated_at as date) <= {{ build_date() }}
    order by donated_at desc nulls last
    limit 1
),

latest as (
    select happened_at from latest_events
    union all
    select happened_at from latest_gifts
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
