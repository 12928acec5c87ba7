-- A person's shares of their clients sum to 1, and so do the population's.
with traits as (
    select * from {{ ref('lookalike_traits') }}
),

population as (
    select * from {{ ref('lookalike_population') }}
),

people as (
    select
        state,
        svid,
        sum(share) as share_sum
    from traits
    group by state, svid
),

everybody as (
    select
        'population' as state,
        'population' as svid,
        sum(population_share) as share_sum
    from population
)

select *
from people
where abs(share_sum - 1) > 1e-9
union all
select *
from everybody
where abs(share_sum - 1) > 1e-9
