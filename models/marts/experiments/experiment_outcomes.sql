with experiments as (
    select * from {{ ref('stg_definitions__experiments') }}
),

arms as (
    select * from {{ ref('stg_definitions__experiment_arms') }}
),

metric_events as (
    select * from {{ ref('stg_definitions__experiment_metrics') }}
),

assignments as (
    select * from {{ ref('experiment_assignments') }}
),

voter_events as (
    select * from {{ ref('fct_voter_events') }}
),

clock as (
    select * from {{ ref('key_clock') }}
),

metrics as (
    select distinct
        experiment,
        metric,
        metric_position,
        role,
        kind,
        within_days,
        is_more_better
    from metric_events
),

-- Units that got messages of two arms leave: they are counted in `experiments` (F85).
units as (
    select
        assignments.experiment,
        assignments.unit,
        assignments.voter_number,
        assignments.exposed_arm as arm,
        cast(assignments.exposed_at as timestamp) as exposed_at
    from assignments
    where assignments.exposed_arm is not null and not assignments.is_mixed
),

-- Only units whose window is over: everybody had the same time.
observed as (
    select
        units.*,
        metrics.metric,
        metrics.kind,
        metrics.within_days
    from units
    inner join metrics
        on units.experiment = metrics.experiment
    cross join clock
    where {{ days_between('units.exposed_at', 'clock.as_of_date') }} >= metrics.within_days
),

-- An event counts once a unit, whatever voters of the mailbox it belongs to (F05). Midnight sharp is a date without a
-- time of day: on the day of the message it counts as after it.
acts as (
    select distinct
        observed.experiment,
        observed.metric,
        observed.unit,
        metric_events.part,
        voter_events.event_number,
        case
            when voter_events.occurred_at = date_trunc('day', voter_events.occurred_at)
                then cast(voter_events.occurred_at as date) >= cast(observed.exposed_at as date)
            else voter_events.occurred_at >= observed.exposed_at
        end as is_after,
        case
            when observed.kind = 'total' then coalesce(voter_events.value, 0)
            else cast(coalesce(voter_events.quantity, 1) as double)
        end as amount
    from observed
    inner join metric_events
        on
            observed.experiment = metric_events.experiment
            and observed.metric = metric_events.metric
    inner join voter_events
        on
            observed.voter_number = voter_events.voter_number
            and metric_events.event_type = voter_events.event_type
    where abs({{ days_between('observed.exposed_at', 'voter_events.occurred_at') }}) <= observed.within_days
),

acts_by_unit as (
    select
        experiment,
        metric,
        unit,
        {{ exact_sum("case when is_after and part = 'metric' then amount end", 4) }} as amount_after,
        {{ exact_sum("case when not is_after and part = 'metric' then amount end", 4) }} as amount_before,
        {{ exact_sum("case when is_after and part = 'base' then amount end", 4) }} as base_after
    from acts
    group by experiment, metric, unit
),

distinct_units as (
    select distinct
        experiment,
        metric,
        kind,
        unit,
        arm
    from observed
),

-- y is the metric in the window after the message, x the same in an equal window before it; of a ratio, x is its base.
measured as (
    select
        distinct_units.*,
        case
            when distinct_units.kind = 'proportion' then case when acts_by_unit.amount_after > 0 then 1 else 0 end
            else coalesce(acts_by_unit.amount_after, 0)
        end as y,
        case
            when distinct_units.kind = 'ratio' then coalesce(acts_by_unit.base_after, 0)
            when distinct_units.kind = 'proportion' then case when acts_by_unit.amount_before > 0 then 1 else 0 end
            else coalesce(acts_by_unit.amount_before, 0)
        end as x
    from distinct_units
    -- Many units did nothing.
    left join acts_by_unit
        on
            distinct_units.experiment = acts_by_unit.experiment
            and distinct_units.metric = acts_by_unit.metric
            and distinct_units.unit = acts_by_unit.unit
),

summed as (
    select
        experiment,
        metric,
        arm,
        count(*) as units,
        count(case when y <> 0 then 1 end) as units_with_outcome,
        {{ exact_sum('y', 4, 38) }} as sum_y,
        {{ exact_sum('x', 4, 38) }} as sum_x,
        {{ exact_sum('y * y', 8, 38) }} as squares_y,
        {{ exact_sum('x * x', 8, 38) }} as squares_x,
        {{ exact_sum('x * y', 8, 38) }} as products
    from measured
    group by experiment, metric, arm
),

-- Every arm has its rows, even if nobody got a message.
listed as (
    select
        arms.experiment,
        metrics.metric,
        arms.arm,
        arms.arm_position,
        arms.share,
        metrics.metric_position,
        metrics.role,
        metrics.kind,
        metrics.within_days,
        metrics.is_more_better,
        clock.as_of_date >= {{ add_days('experiments.ends_on', 'metrics.within_days') }} as is_final,
        coalesce(summed.units, 0) as units,
        coalesce(summed.units_with_outcome, 0) as units_with_outcome,
        coalesce(summed.sum_y, 0) as sum_y,
        coalesce(summed.sum_x, 0) as sum_x,
        coalesce(summed.squares_y, 0) as squares_y,
        coalesce(summed.squares_x, 0) as squares_x,
        coalesce(summed.products, 0) as products,
        '{{ invocation_id }}' as build_id
    from arms
    inner join metrics
        on arms.experiment = metrics.experiment
    inner join experiments
        on arms.experiment = experiments.experiment
    cross join clock
    left join summed
        on
            arms.experiment = summed.experiment
            and metrics.metric = summed.metric
            and arms.arm = summed.arm
)

select * from listed
