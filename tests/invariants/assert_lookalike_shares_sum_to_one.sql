-- A person's shares of a feature's traits sum to 1, and so do the population's.
with traits as (
    select * from {{ ref('lookalike_traits') }}
),

people as (
    select
        feature,
        state,
        svid,
        sum(share) as share_sum
    from traits
    group by feature, state, svid
),

population as (
    select
        feature,
        sum(population_share) as share_sum
    from (
        select distinct
            feature,
            trait,
            population_share
        from traits
    ) as distinct_traits
    group by feature
)

select
    feature,
    state,
    svid,
    share_sum
from people
where abs(share_sum - 1) > 1e-9
union all
select
    feature,
    'population' as state,
    'population' as svid,
    share_sum
from population
where abs(share_sum - 1) > 1e-9
