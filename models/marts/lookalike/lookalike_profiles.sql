with profiles as (
    select * from {{ ref('enriched_profiles') }}
),

permissions as (
    select * from {{ ref('contact_permissions') }}
),

bands as (
    select * from {{ ref('lookalike_bands') }}
),

-- Only people who engaged can be compared (F39, F40).
measured as (
    select
        profiles.*,
        -- A list of lookalikes is made to ask: people who may not be asked for a gift are on none.
        permissions.solicitation_blocked_by is null as is_eligible,
        {{ share('profiles.engagements', 'profiles.sends') }} as engagement_rate,
        {{ days_between('profiles.last_engagement_date', as_of_date()) }} as days_since_last_engagement
    from profiles
    inner join permissions
        on profiles.voter_number = permissions.voter_number
    where profiles.engagements > 0
),

banded as (
    select
        measured.state,
        measured.svid,
        measured.person_id,
        measured.is_eligible,
        measured.engagements,
        measured.engagement_rate,
        measured.days_since_last_engagement,
        coalesce(rate_bands.band, 'no sends') as engagement_rate_band,
        recency_bands.band as recency_band,
        measured.voter_number,
        '{{ invocation_id }}' as build_id
    from measured
    -- Engagement without a recorded send has no rate.
    left join bands as rate_bands
        on
            rate_bands.feature = 'engagement_rate'
            and measured.engagement_rate >= rate_bands.min_value
            and measured.engagement_rate < coalesce(rate_bands.max_value, measured.engagement_rate + 1)
    left join bands as recency_bands
        on
            recency_bands.feature = 'recency'
            and measured.days_since_last_engagement >= recency_bands.min_value
            and measured.days_since_last_engagement
            < coalesce(recency_bands.max_value, measured.days_since_last_engagement + 1)
)

select * from banded
