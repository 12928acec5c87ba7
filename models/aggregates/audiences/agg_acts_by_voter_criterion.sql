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

counted_types as (
    select
        criteria.criterion,
        criterion_values.value as event_type,
        coalesce({{ add_days('clock.as_of_date', '-criteria.during_days') }}, cast('0001-01-01' as date)) as first_date
    from criteria
    inner join criterion_values
        on criteria.criterion = criterion_values.criterion
    cross join clock
    where criterion_values.role = 'event'
),

-- Each day once, however many criteria count it. A value outside of these bounds is no amount.
acts_by_day as (
    select
        voter_number,
        event_type,
        cast(occurred_at as date) as active_date,
        count(*) as acts,
        sum(cast(case when abs(value) < 1e12 then value end as decimal(18, 2))) as total
    from events
    where event_type in (select counted_types.event_type from counted_types)
    group by voter_number, event_type, cast(occurred_at as date)
),

counted as (
    select
        counted_types.criterion,
        acts_by_day.voter_number,
        cast(sum(acts_by_day.acts) as bigint) as acts,
        cast(coalesce(sum(acts_by_day.total), 0) as double) as total,
        max(acts_by_day.active_date) as last_date
    from acts_by_day
    inner join counted_types
        on
            acts_by_day.event_type = counted_types.event_type
            and acts_by_day.active_date >= counted_types.first_date
    group by counted_types.criterion, acts_by_day.voter_number
)

select * from counted
