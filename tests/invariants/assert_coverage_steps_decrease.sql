-- Each step of the waterfall is part of the step before it; every state has all four, and the first one counts every
-- voter of the state.
with coverage as (
    select * from {{ ref('coverage') }}
),

voters as (
    select
        state,
        count(*) as voters
    from {{ ref('lnk_voter') }}
    group by state
),

pivoted as (
    select
        state,
        count(*) as steps,
        max(case when step = 'in_file' then people end) as in_file,
        max(case when step = 'contactable' then people end) as contactable,
        max(case when step = 'linked' then people end) as linked,
        max(case when step = 'with_behavior' then people end) as with_behavior
    from coverage
    group by state
)

select
    voters.state,
    voters.voters,
    pivoted.in_file,
    pivoted.contactable,
    pivoted.linked,
    pivoted.with_behavior
from voters
-- A state without a waterfall is an error.
left join pivoted
    on voters.state = pivoted.state
where
    pivoted.steps is distinct from 4
    or pivoted.in_file is distinct from voters.voters
    or pivoted.contactable > pivoted.in_file
    or pivoted.linked > pivoted.contactable
    or pivoted.with_behavior > pivoted.linked
