-- The steps of a funnel are 1, 2, 3 and so on; the rows of one step agree. Neither the entry nor the last step is
-- implied: no later step would prove the last one.
with steps as (
    select
        funnel,
        step_number,
        count(distinct step) as names,
        count(distinct within_days) as windows,
        count(distinct is_implied) as kinds,
        max(case when is_implied then 1 else 0 end) as implied
    from {{ ref('funnel_steps') }}
    group by funnel, step_number
),

placed as (
    select
        funnel,
        step_number,
        names,
        windows,
        kinds,
        implied,
        row_number() over (
            partition by funnel
            order by step_number
        ) as place,
        max(step_number) over (partition by funnel) as last_step_number
    from steps
)

select *
from placed
where
    step_number <> place
    or names <> 1
    or windows <> 1
    or kinds <> 1
    or (implied = 1 and step_number in (1, last_step_number))
