with activity as (
    select * from {{ ref('agg_activity_by_voter') }}
),

churn_bands as (
    select * from {{ ref('churn_bands') }}
),

rules as (
    select
        churn_horizon,
        churn_prior_people,
        churn_min_people,
        churn_min_cell
    from {{ lifecycle_rules() }} as lifecycle_rules
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

-- What came after the moment is the outcome, and no feature of it (F81): quiet is who had no active day within
-- the horizon. The trial is a horizon older, so that what it learnt can be held against what came then.
observed as (
    select
        'current' as fit,
        placed_at_fit.pause_band,
        placed_at_fit.frequency_band,
        placed_at_fit.rhythm_band,
        case when activity.days_since_last >= rules.churn_horizon then 1 else 0 end as is_quiet
    from placed_at_fit
    inner join activity
        on placed_at_fit.voter_number = activity.voter_number
    cross join rules
    union all
    select
        'trial' as fit,
        placed_at_trial.pause_band,
        placed_at_trial.frequency_band,
        placed_at_trial.rhythm_band,
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
    group by
        fit,
        pause_band,
        frequency_band,
        rhythm_band
),

-- A cell in which nobody stood has a hazard, too: somebody may stand there today.
cells as (
    select
        fits.fit,
        fits.horizons_back * cast(rules.churn_horizon as bigint) as days_before_clock,
        recency.band as pause_band,
        frequency.band as frequency_band,
        rhythm.band as rhythm_band,
        rules.churn_prior_people,
        rules.churn_min_people,
        rules.churn_min_cell
    from (
        select
            'current' as fit,
            1 as horizons_back
        union all
        select
            'trial' as fit,
            2 as horizons_back
    ) as fits
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
        cells.fit,
        cells.days_before_clock,
        cells.pause_band,
        cells.frequency_band,
        cells.rhythm_band,
        cells.churn_prior_people,
        cells.churn_min_people,
        cells.churn_min_cell,
        coalesce(counted_by_cell.exposures, 0) as exposures,
        coalesce(counted_by_cell.events, 0) as events
    from cells
    -- Nobody may have stood there.
    left join counted_by_cell
        on
            cells.fit = counted_by_cell.fit
            and cells.pause_band = counted_by_cell.pause_band
            and cells.frequency_band = counted_by_cell.frequency_band
            and cells.rhythm_band = counted_by_cell.rhythm_band
),

summed_by_margin as (
    select
        fit,
        days_before_clock,
        pause_band,
        frequency_band,
        rhythm_band,
        churn_prior_people,
        churn_min_people,
        churn_min_cell,
        exposures,
        events,
        cast(sum(exposures) over (partition by fit) as double) as fit_exposures,
        cast(sum(events) over (partition by fit) as double) as fit_events,
        cast(sum(exposures) over (partition by fit, pause_band) as double) as recency_exposures,
        cast(sum(events) over (partition by fit, pause_band) as double) as recency_events,
        cast(sum(exposures) over (partition by fit, pause_band, frequency_band) as double) as pair_exposures,
        cast(sum(events) over (partition by fit, pause_band, frequency_band) as double) as pair_events
    from counted
),

-- From all people to those of the recency, of the recency and frequency, and of the cell: each rate is drawn
-- towards the one before it.
rated as (
    select
        fit,
        days_before_clock,
        pause_band,
        frequency_band,
        rhythm_band,
        churn_prior_people,
        churn_min_cell,
        exposures,
        events,
        recency_exposures,
        recency_events,
        pair_exposures,
        pair_events,
        case when fit_exposures >= churn_min_people then (fit_events + 1) / (fit_exposures + 2) end as overall_share
    from summed_by_margin
),

rated_by_recency as (
    select
        fit,
        days_before_clock,
        pause_band,
        frequency_band,
        rhythm_band,
        churn_prior_people,
        churn_min_cell,
        exposures,
        events,
        pair_exposures,
        pair_events,
        overall_share,
        {{ rate_towards('recency_events', 'recency_exposures', 'overall_share', 'churn_prior_people') }}
            as recency_share
    from rated
),

rated_by_pair as (
    select
        fit,
        days_before_clock,
        pause_band,
        frequency_band,
        rhythm_band,
        churn_prior_people,
        churn_min_cell,
        exposures,
        events,
        overall_share,
        recency_share,
        {{ rate_towards('pair_events', 'pair_exposures', 'recency_share', 'churn_prior_people') }}
            as frequency_share
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
        round(overall_share, 4) as overall_share,
        round(recency_share, 4) as recency_share,
        round(frequency_share, 4) as frequency_share,
        round({{ rate_towards('events', 'exposures', 'frequency_share', 'churn_prior_people') }}, 4)
            as churn_probability,
        case
            when overall_share is null then 'insufficient_data'
            when exposures >= churn_min_cell then 'cell'
            else 'margin'
        end as churn_basis,
        '{{ invocation_id }}' as build_id
    from rated_by_pair
)

select * from fitted
