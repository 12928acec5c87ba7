with history as (
    select * from {{ ref('agg_history_by_voter_moment') }}
),

fits as (
    select * from {{ ref('agg_fits_by_population') }}
),

-- The fit of the horizon before predicts each moment, so that no outcome is known to its own prediction.
explained as (
    select
        history.*,
        fits.people as fitted_people,
        fits.positives as fitted_positives,
        fits.gifts_after as fitted_gifts,
        fits.coefficient_base as logit_base,
        {{ logit_term('log_gifts') }} as logit_gifts,
        {{ logit_term('log_days_since_last_gift') }} as logit_days_since_last_gift,
        {{ logit_term('log_days_since_first_gift') }} as logit_days_since_first_gift,
        {{ logit_term('log_gift_amount') }} as logit_gift_amount,
        {{ logit_term('log_active_days_180') }} as logit_active_days_180,
        {{ logit_term('log_clicks') }} as logit_clicks,
        {{ logit_term('log_clients') }} as logit_clients,
        {{ logit_term('log_channels') }} as logit_channels,
        {{ logit_term('log_days_since_last_act') }} as logit_days_since_last_act,
        {{ logit_term('log_active_days_60') }} as logit_active_days_60,
        {{ logit_term('log_active_days') }} as logit_active_days,
        {{ logit_term('log_tenure_days') }} as logit_tenure_days,
        {{ logit_term('log_pause_ratio') }} as logit_pause_ratio,
        {{ logit_term('log_overdue') }} as logit_overdue,
        {{ logit_term('log_other_acts') }} as logit_other_acts
    from history
    -- A population may have been empty a horizon before.
    left join fits
        on
            history.outcome = fits.outcome
            and history.horizons_back + 1 = fits.horizons_back
    where history.horizons_back < 3
),

summed as (
    select
        *,
        logit_base
        + logit_gifts
        + logit_days_since_last_gift
        + logit_days_since_first_gift
        + logit_gift_amount
        + logit_active_days_180
        + logit_clicks
        + logit_clients
        + logit_channels
        + logit_days_since_last_act
        + logit_active_days_60
        + logit_active_days
        + logit_tenure_days
        + logit_pause_ratio
        + logit_overdue
        + logit_other_acts
            as log_odds
    from explained
),

forecast as (
    select
        *,
        round({{ logistic('log_odds') }}, 6) as probability,
        -- Gifts a year, forgotten by half each year: ranks people where nothing could be fitted.
        (gifts + 0.5) / (coalesce(days_since_first_gift, 0) / 365e0 + 1)
        * power(2e0, -coalesce(days_since_last_gift, days_since_last_act, tenure_days) / 365e0) as fixed_rate,
        {{ propensity_score(
            propensity_base('gifts'), capped_component('clicks', 'clicks'),
            capped_component('campaigns', 'campaigns'), capped_component('recency', 'days_since_last_click')
        ) }} as donor_propensity_score
    from summed
)

select * from forecast
