with activity as (
    select * from {{ ref('agg_activity_by_voter') }}
),

churn_bands as (
    select * from {{ ref('churn_bands') }}
),

rules as (
    select * from {{ lifecycle_rules() }} as lifecycle_rules
),

placed_at_fit as (
    {{ churn_cells(
        'activity', 'days_since_first - rules.churn_horizon', 'days_since_last_at_fit', 'active_days_at_fit',
        'recent_active_days_at_fit'
    ) }}
),

placed_at_trial as (
    {{ churn_cells(
        'activity', 'days_since_first - 2 * rules.churn_horizon', 'days_since_last_at_trial', 'active_days_at_trial',
        'recent_active_days_at_trial'
    ) }}
),

-- The features are of the moment, the outcome is what came after it (F81): quiet means no active day within the
-- horizon. The trial fit is a horizon older, so that its predictions can be compared with what happened since.
observed as (
    select
        'current' as fit,
        placed_at_fit.*,
        case when activity.days_since_last >= rules.churn_horizon then 1 else 0 end as is_quiet
    from placed_at_fit
    inner join activity
        on placed_at_fit.voter_number = activity.voter_number
    cross join rules
    union all
    select
        'trial' as fit,
        placed_at_trial.*,
        case when activity.days_since_last_at_fit >= rules.churn_horizon then 1 else 0 end as is_quiet
    from placed_at_trial
    inner join activity
        on placed_at_trial.voter_number = activity.voter_number
    cross join rules
),

counted_by_cell as (
    select
        fit,
        pause_band,
        frequency_band,
        rhythm_band,
        count(*) as exposures,
        cast(sum(is_quiet) as bigint) as events
    from observed
    group by fit, pause_band, frequency_band, rhythm_band
),

-- Every cell has a hazard, even one where nobody was then: somebody may be there today.
cells as (
    select
        fits.fit,
        fits.horizons_back * cast(rules.churn_horizon as bigint) as days_before_clock,
        recency.band as pause_band,
        frequency.band as frequency_band,
        rhythm.band as rhythm_band
    from (values ('current', 1), ('trial', 2)) as fits (fit, horizons_back)
    cross join rules
    inner join churn_bands as recency
        on recency.feature = 'recency'
    inner join churn_bands as frequency
        on frequency.feature = 'frequency'
    inner join churn_bands as rhythm
        on rhythm.feature = 'rhythm'
),

counted as (
    select
        cells.*,
        coalesce(counted_by_cell.exposures, 0) as exposures,
        coalesce(counted_by_cell.events, 0) as events
    from cells
    -- A cell may be empty.
    left join counted_by_cell
        on
            cells.fit = counted_by_cell.fit
            and cells.pause_band = counted_by_cell.pause_band
            and cells.frequency_band = counted_by_cell.frequency_band
            and cells.rhythm_band = counted_by_cell.rhythm_band
),

summed_by_margin as (
    select
        counted.*,
        rules.churn_prior_people,
        rules.churn_min_people,
        rules.churn_min_cell,
        cast(sum(counted.exposures) over (partition by counted.fit) as double) as fit_exposures,
        cast(sum(counted.events) over (partition by counted.fit) as double) as fit_events,
        cast(sum(counted.exposures) over (partition by counted.fit, counted.pause_band) as double)
            as recency_exposures,
        cast(sum(counted.events) over (partition by counted.fit, counted.pause_band) as double) as recency_events,
        cast(sum(counted.exposures) over (
            partition by counted.fit, counted.pause_band, counted.frequency_band
        ) as double) as pair_exposures,
        cast(sum(counted.events) over (
            partition by counted.fit, counted.pause_band, counted.frequency_band
        ) as double) as pair_events
    from counted
    cross join rules
),

-- Four rates, from all people to those of one cell. Each is shrunk towards the one before it.
rated as (
    select
        *,
        case when fit_exposures >= churn_min_people then (fit_events + 1) / (fit_exposures + 2) end as overall_rate
    from summed_by_margin
),

rated_by_recency as (
    select
        *,
        {{ rate_towards('recency_events', 'recency_exposures', 'overall_rate', 'churn_prior_people') }}
            as recency_rate
    from rated
),

rated_by_pair as (
    select
        *,
        {{ rate_towards('pair_events', 'pair_exposures', 'recency_rate', 'churn_prior_people') }} as pair_rate
    from rated_by_recency
),

fitted as (
    select
        fit,
        pause_band,
        frequency_band,
        rhythm_band,
        days_before_clock,
        exposures as churn_exposures,
        events as churn_events,
        round(overall_rate, 4) as overall_share,
        round(recency_rate, 4) as recency_share,
        round(pair_rate, 4) as frequency_share,
        round({{ rate_towards('events', 'exposures', 'pair_rate', 'churn_prior_people') }}, 4) as churn_probability,
        case
            when overall_rate is null then 'insufficient_data'
            when exposures >= churn_min_cell then 'cell'
            else 'margin'
        end as churn_basis,
        '{{ invocation_id }}' as build_id
    from rated_by_pair
)

select * from fitted
