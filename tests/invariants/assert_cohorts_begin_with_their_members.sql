-- A cohort begins in month 0 with all of its members, runs without a gap, and keeps its size; every member of a
-- first_gift cohort gave in month 0; the cohorts of a kind together hold each person of that kind; a member is active
-- at most once a month.
with cohorts as (
    select * from {{ ref('cohorts') }}
),

events as (
    select * from {{ ref('fct_voter_events') }}
),

summed_by_cohort as (
    select
        cohort_kind,
        cohort_month,
        count(*) as months,
        max(months_since) as last_month,
        min(members) as fewest,
        max(members) as most,
        max(case when months_since = 0 then members end) as first_members,
        max(case when months_since = 0 then active end) as first_active,
        max(active) as most_active
    from cohorts
    group by cohort_kind, cohort_month
),

summed_by_kind as (
    select
        cohort_kind,
        sum(first_members) as members
    from summed_by_cohort
    group by cohort_kind
),

counted as (
    select
        'first_touch' as cohort_kind,
        count(distinct voter_number) as members
    from events
    where is_contact
    union all
    select
        'first_gift' as cohort_kind,
        count(distinct voter_number) as members
    from events
    where
        is_contact
        and event_type = 'donation'
)

select
    cohort_kind,
    cohort_month
from summed_by_cohort
where
    months <> last_month + 1
    or fewest <> most
    or first_members is distinct from most
    or most_active > most
    or (cohort_kind = 'first_gift' and first_active is distinct from first_members)
union all
select
    counted.cohort_kind,
    null as cohort_month
from counted
left join summed_by_kind
    on counted.cohort_kind = summed_by_kind.cohort_kind
where counted.members <> coalesce(summed_by_kind.members, 0)
