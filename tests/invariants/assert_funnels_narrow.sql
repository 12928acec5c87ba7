-- A funnel never widens from step to step; everybody enters; each month has every step of its funnel; and the entries
-- are the pairs of person and month with an event of the first step (F88).
with funnels as (
    select * from {{ ref('funnels') }}
),

funnel_steps as (
    select * from {{ ref('funnel_steps') }}
),

steps_by_funnel as (
    select
        funnel,
        count(distinct step_number) as steps
    from funnel_steps
    group by funnel
),

followed as (
    select
        funnel,
        entry_month,
        step_number,
        entrants,
        reached_before,
        reached,
        reached_unrecorded,
        drop_off,
        lag(reached) over (
            partition by funnel, entry_month
            order by step_number
        ) as reached_last,
        count(*) over (partition by funnel, entry_month) as steps
    from funnels
),

entries as (
    select
        funnel_steps.funnel,
        count(
            distinct cast(events.voter_number as varchar) || ' '
            || cast({{ month_start('events.occurred_at') }} as varchar)
        ) as entries
    from {{ ref('fct_voter_events') }} as events
    inner join funnel_steps
        on
            events.event_type = funnel_steps.event_type
            and funnel_steps.step_number = 1
    where events.is_contact
    group by funnel_steps.funnel
),

entrants_by_funnel as (
    select
        funnel,
        sum(entrants) as entrants
    from funnels
    where step_number = 1
    group by funnel
)

select
    followed.funnel,
    followed.entry_month,
    followed.step_number
from followed
inner join steps_by_funnel
    on followed.funnel = steps_by_funnel.funnel
where
    followed.steps <> steps_by_funnel.steps
    or followed.reached > followed.reached_last
    or followed.reached_before <> coalesce(followed.reached_last, followed.reached)
    or followed.drop_off <> followed.reached_before - followed.reached
    or followed.reached_unrecorded not between 0 and followed.reached
    or (followed.step_number = 1 and followed.reached <> followed.entrants)
union all
select
    coalesce(entries.funnel, entrants_by_funnel.funnel) as funnel,
    null as entry_month,
    null as step_number
from entries
full outer join entrants_by_funnel
    on entries.funnel = entrants_by_funnel.funnel
where entries.entries is distinct from entrants_by_funnel.entrants
