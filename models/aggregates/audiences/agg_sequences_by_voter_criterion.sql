with criteria as (
    select * from {{ ref('stg_definitions__criteria') }}
),

criterion_values as (
    select * from {{ ref('stg_definitions__criterion_values') }}
),

events as (
    select * from {{ ref('fct_voter_events') }}
),

clock as (
    select * from {{ ref('key_clock') }}
),

steps as (
    select
        criteria.criterion,
        criteria.within_days,
        criterion_values.role,
        criterion_values.position,
        criterion_values.value as event_type,
        coalesce({{ add_days('clock.as_of_date', '-criteria.during_days') }}, cast('0001-01-01' as date)) as first_date,
        max(criterion_values.position) over (partition by criteria.criterion) as last_position
    from criteria
    inner join criterion_values
        on criteria.criterion = criterion_values.criterion
    cross join clock
    where criteria.leaf = 'in_order'
),

-- An event may be several steps.
moments as (
    select
        steps.criterion,
        steps.within_days,
        steps.role,
        steps.position,
        steps.last_position,
        events.voter_number,
        events.occurred_at
    from events
    inner join steps
        on
            events.event_type = steps.event_type
            and cast(events.occurred_at as date) >= steps.first_date
),

begun as (
    select
        *,
        case when position = 1 then occurred_at end as start_1
    from moments
),

-- For each step, the latest start of a run of steps that leads to it: no other start could keep the limit if this one
-- does not. Steps at the same moment are in no order.
{% for step in range(2, 6) %}
followed_{{ step }} as (
    select
        *,
        case
            when position = {{ step }}
                then max(start_{{ step - 1 }}) over (
                    partition by criterion, voter_number
                    order by occurred_at
                    range between unbounded preceding and interval '1 microsecond' preceding
                )
        end as start_{{ step }}
    from {{ 'begun' if step == 2 else 'followed_' ~ (step - 1) }}
),
{% endfor %}
-- The last run that keeps the limit decides what came after it.
completed as (
    select
        criterion,
        voter_number,
        max(
            case
                when
                    role = 'step'
                    and position = last_position
                    and (
                        within_days is null
                        or {{ days_between('coalesce(start_5, start_4, start_3, start_2)', 'occurred_at') }}
                        <= within_days
                    )
                    then occurred_at
            end
        ) as completed_at,
        max(case when role = 'but_not' then occurred_at end) as ended_at
    from followed_5
    where
        role = 'but_not'
        or coalesce(start_5, start_4, start_3, start_2) is not null
    group by criterion, voter_number
),

kept as (
    select
        criterion,
        voter_number,
        completed_at
    from completed
    where
        completed_at is not null
        and (
            ended_at is null
            or ended_at <= completed_at
        )
)

select * from kept
