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

email_openers as {{ inlined() }} (
    select * from {{ ref('base_channels__email_openers') }}
),

sms_responses as {{ inlined() }} (
    select * from {{ ref('base_channels__sms_responses') }}
),

phone_contacts as {{ inlined() }} (
    select * from {{ ref('base_channels__phone_contacts') }}
),

survey_responses as {{ inlined() }} (
    select * from {{ ref('base_channels__survey_responses') }}
),

event_attendance as {{ inlined() }} (
    select * from {{ ref('base_channels__event_attendance') }}
),

petition_signers as {{ inlined() }} (
    select * from {{ ref('base_channels__petition_signers') }}
),

web_visits as {{ inlined() }} (
    select * from {{ ref('base_channels__web_visits') }}
),

behavior_events as {{ inlined() }} (
    select * from {{ ref('base_channels__behavior_events') }}
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

-- Of each channel the same, with all of its time where no row of its last week is valid.
recent_of_channels as {{ materialized() }} (
    {{ recent_of_channel('email_openers') }}
    union all
    {{ recent_of_channel('sms_responses') }}
    union all
    {{ recent_of_channel('phone_contacts') }}
    union all
    {{ recent_of_channel('survey_responses') }}
    union all
    {{ recent_of_channel('event_attendance') }}
    union all
    {{ recent_of_channel('petition_signers') }}
    union all
    {{ recent_of_channel('web_visits') }}
    union all
    {{ recent_of_channel('behavior_events', column='try_cast(left(occurred_at, 10) as timestamp)') }}
),

all_of_channels as (
    {{ all_of_channel('email_openers') }}
    union all
    {{ all_of_channel('sms_responses') }}
    union all
    {{ all_of_channel('phone_contacts') }}
    union all
    {{ all_of_channel('survey_responses') }}
    union all
    {{ all_of_channel('event_attendance') }}
    union all
    {{ all_of_channel('petition_signers') }}
    union all
    {{ all_of_channel('web_visits') }}
    union all
    {{ all_of_channel('behavior_events') }}
),

latest as (
    select happened_at from recent_events
    union all
    select happened_at from all_events
    union all
    select happened_at from recent_gifts
    union all
    select happened_at from all_gifts
    union all
    select happened_at from recent_of_channels
    union all
    select happened_at from all_of_channels
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
