{#- The most steps of a funnel; a test of the seed funnel_steps enforces it. -#}
{% set most_steps = 6 %}

with events as (
    select * from {{ ref('fct_voter_events') }}
),

funnel_steps as (
    select * from {{ ref('funnel_steps') }}
),

-- Several types of event may be one step.
steps as (
    select
        funnel,
        step_number,
        min(step) as step,
        max(within_days) as within_days,
        max(case when is_implied then 1 else 0 end) = 1 as is_implied
    from funnel_steps
    group by funnel, step_number
),

funnel_events as (
    select
        funnel_steps.funnel,
        funnel_steps.step_number,
        events.voter_number,
        events.occurred_at,
        events.local_source = 'date' as is_dated
    from events
    inner join funnel_steps
        on events.event_type = funnel_steps.event_type
    where events.is_contact
),

-- Each event of the first step begins a run.
chained_1 as (
    select distinct
        funnel,
        voter_number,
        occurred_at as entered_at,
        occurred_at as chained_at,
        true as is_recorded
    from funnel_events
    where step_number = 1
),

{% for step in range(2, most_steps + 1) %}
{% set chained = 'chained_' ~ (step - 1) %}
-- Runs and the events of the step in one order of time. An event of which only the day is known is compared by day: it
-- stands behind everything else of its day.
placed_{{ step }} as (
    select
        funnel,
        voter_number,
        cast(chained_at as date) as placed_on,
        false as is_dated,
        chained_at as placed_at,
        entered_at,
        chained_at,
        cast(null as timestamp) as occurred_at
    from {{ chained }}
    union all
    select
        funnel,
        voter_number,
        cast(occurred_at as date) as placed_on,
        is_dated,
        occurred_at as placed_at,
        cast(null as timestamp) as entered_at,
        cast(null as timestamp) as chained_at,
        occurred_at
    from funnel_events
    where step_number = {{ step }}
),

-- The first event of the step that is not before the run's previous step.
followed_{{ step }} as (
    select
        *,
        min(occurred_at) over (
            partition by funnel, voter_number
            order by placed_on, is_dated, placed_at
            range between current row and unbounded following
        ) as next_at
    from placed_{{ step }}
),

recorded_{{ step }} as (
    select
        followed_{{ step }}.*,
        steps.is_implied,
        coalesce(
            {{ days_between('followed_' ~ step ~ '.entered_at', 'followed_' ~ step ~ '.next_at') }}
            <= steps.within_days,
            false
        ) as is_recorded
    from followed_{{ step }}
    inner join steps
        on
            followed_{{ step }}.funnel = steps.funnel
            and steps.step_number = {{ step }}
    where followed_{{ step }}.entered_at is not null
),

-- A run without an event of an implied step goes on from the step before it.
chained_{{ step }} as (
    select
        funnel,
        voter_number,
        entered_at,
        case when is_implied then chained_at else greatest(chained_at, next_at) end as chained_at,
        is_recorded
    from recorded_{{ step }}
    where is_implied or is_recorded
),

{% endfor %}
done as (
    {% for step in range(1, most_steps + 1) %}
    select
        funnel,
        voter_number,
        entered_at,
        cast({{ step }} as bigint) as step_number
    from chained_{{ step }}
    where is_recorded
    {% if not loop.last %}
    union all
    {% endif %}
    {% endfor %}
),

-- A run that did a step did all before it: these are recorded or implied.
ended as (
    select
        funnel,
        voter_number,
        entered_at,
        {{ month_start('entered_at') }} as entry_month,
        max(step_number) as last_step_number
    from done
    group by funnel, voter_number, entered_at
),

-- A person enters once a month, with the run that got furthest, the earliest of several (F88).
furthest as (
    select *
    from (
        select
            *,
            row_number() over (
                partition by funnel, voter_number, entry_month
                order by last_step_number desc, entered_at asc
            ) as run_in_month
        from ended
    ) as ranked
    where run_in_month = 1
),

ended_by_month as (
    select
        funnel,
        entry_month,
        last_step_number,
        count(*) as people
    from furthest
    group by funnel, entry_month, last_step_number
),

recorded_by_month as (
    select
        furthest.funnel,
        furthest.entry_month,
        done.step_number,
        count(*) as people
    from furthest
    inner join done
        on
            furthest.funnel = done.funnel
            and furthest.voter_number = done.voter_number
            and furthest.entered_at = done.entered_at
    group by furthest.funnel, furthest.entry_month, done.step_number
),

-- A step without people keeps its row, with 0.
reached_by_step as (
    select
        steps.funnel,
        ended_by_month.entry_month,
        steps.step_number,
        steps.step,
        steps.within_days,
        cast(sum(ended_by_month.people) as bigint) as entrants,
        cast(
            sum(case when ended_by_month.last_step_number >= steps.step_number then ended_by_month.people else 0 end)
            as bigint
        ) as reached
    from steps
    inner join ended_by_month
        on steps.funnel = ended_by_month.funnel
    group by steps.funnel, ended_by_month.entry_month, steps.step_number, steps.step, steps.within_days
),

compared as (
    select
        reached_by_step.*,
        lag(reached_by_step.reached, 1, reached_by_step.reached) over (
            partition by reached_by_step.funnel, reached_by_step.entry_month
            order by reached_by_step.step_number
        ) as reached_before,
        reached_by_step.reached - coalesce(recorded_by_month.people, 0) as reached_unrecorded,
        max(reached_by_step.within_days) over (
            partition by reached_by_step.funnel, reached_by_step.entry_month
            order by reached_by_step.step_number
            rows between unbounded preceding and current row
        ) as window_days
    from reached_by_step
    -- Nobody may have an event of the step.
    left join recorded_by_month
        on
            reached_by_step.funnel = recorded_by_month.funnel
            and reached_by_step.entry_month = recorded_by_month.entry_month
            and reached_by_step.step_number = recorded_by_month.step_number
),

rated as (
    select
        funnel,
        entry_month,
        step_number,
        step,
        window_days,
        entrants,
        reached_before,
        reached,
        reached_unrecorded,
        reached_before - reached as drop_off,
        round({{ percent('reached', 'reached_before') }}, 2) as step_rate,
        round({{ percent('reached', 'entrants') }}, 2) as overall_rate,
        {{ days_between('last_day(entry_month)', as_of_date()) }} > window_days as is_mature,
        '{{ invocation_id }}' as build_id
    from compared
)

select * from rated
order by funnel, entry_month, step_number
