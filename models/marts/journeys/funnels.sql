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

-- A person enters once a month, with the first event of the first step (F88).
chained_1 as (
    select
        funnel,
        voter_number,
        {{ month_start('occurred_at') }} as entry_month,
        min(occurred_at) as entered_at,
        min(occurred_at) as chained_at,
        true as is_recorded
    from funnel_events
    where step_number = 1
    group by funnel, voter_number, {{ month_start('occurred_at') }}
),

{% for step in range(2, most_steps + 1) %}
{% set chained = 'chained_' ~ (step - 1) %}
-- The first event of the step that is not before the previous step. An event of which only the day is known is
-- compared by day.
recorded_{{ step }} as (
    select
        {{ chained }}.funnel,
        {{ chained }}.voter_number,
        {{ chained }}.entry_month,
        min(funnel_events.occurred_at) as recorded_at
    from {{ chained }}
    inner join steps
        on
            {{ chained }}.funnel = steps.funnel
            and steps.step_number = {{ step }}
    inner join funnel_events
        on
            {{ chained }}.funnel = funnel_events.funnel
            and {{ chained }}.voter_number = funnel_events.voter_number
            and funnel_events.step_number = {{ step }}
    where
        funnel_events.occurred_at >= case
            when funnel_events.is_dated then date_trunc('day', {{ chained }}.chained_at)
            else {{ chained }}.chained_at
        end
        and {{ days_between(chained ~ '.entered_at', 'funnel_events.occurred_at') }} <= steps.within_days
    group by {{ chained }}.funnel, {{ chained }}.voter_number, {{ chained }}.entry_month
),

-- A person without an event of an implied step goes on from the step before it.
chained_{{ step }} as (
    select
        {{ chained }}.funnel,
        {{ chained }}.voter_number,
        {{ chained }}.entry_month,
        {{ chained }}.entered_at,
        case
            when steps.is_implied then {{ chained }}.chained_at
            else greatest({{ chained }}.chained_at, recorded_{{ step }}.recorded_at)
        end as chained_at,
        recorded_{{ step }}.recorded_at is not null as is_recorded
    from {{ chained }}
    inner join steps
        on
            {{ chained }}.funnel = steps.funnel
            and steps.step_number = {{ step }}
    left join recorded_{{ step }}
        on
            {{ chained }}.funnel = recorded_{{ step }}.funnel
            and {{ chained }}.voter_number = recorded_{{ step }}.voter_number
            and {{ chained }}.entry_month = recorded_{{ step }}.entry_month
    where
        steps.is_implied
        or recorded_{{ step }}.recorded_at is not null
),

{% endfor %}
followed as (
    {% for step in range(1, most_steps + 1) %}
    select
        funnel,
        voter_number,
        entry_month,
        cast({{ step }} as bigint) as step_number
    from chained_{{ step }}
    where is_recorded
    {% if not loop.last %}
    union all
    {% endif %}
    {% endfor %}
),

-- A person who did a step did all before it: these are recorded or implied.
ended as (
    select
        funnel,
        voter_number,
        entry_month,
        max(step_number) as last_step_number
    from followed
    group by funnel, voter_number, entry_month
),

ended_by_month as (
    select
        funnel,
        entry_month,
        last_step_number,
        count(*) as people
    from ended
    group by funnel, entry_month, last_step_number
),

recorded_by_month as (
    select
        funnel,
        entry_month,
        step_number,
        count(*) as people
    from followed
    group by funnel, entry_month, step_number
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
            sum(
                case
                    when ended_by_month.last_step_number >= steps.step_number then ended_by_month.people
                    else 0
                end
            ) as bigint
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
