{{ with_recursion() }} profiles as (
    select * from {{ ref('agg_earlier_likeness_by_voter') }}
),

traits as (
    select * from {{ ref('agg_earlier_likeness_by_voter_client') }}
),

voter_numbers as (
    select * from {{ ref('key_voters') }}
),

population as (
    {{ trait_population('traits') }}
),

seeds as {{ materialized() }} (
    select profiles.voter_number
    from profiles
    inner join voter_numbers
        on profiles.voter_number = voter_numbers.voter_number
    where
        profiles.past_donations > 0
        and not {{ is_held_out('voter_numbers.state', 'voter_numbers.svid') }}
),

{{ likeness_steps('profiles', 'traits', 'population', 'seeds') }},

-- Without a donor there is nothing to be like.
counted_by_value as (
    select
        'similarity' as score,
        'gift' as outcome,
        'all' as population,
        cast(1 as bigint) as horizons_back,
        cast({{ rule_value('score_rules', 'gift_horizon') }} as bigint) as horizon_days,
        round({{ logistic('compared.log_odds') }}, 4) as value,
        count(*) as people,
        count(case when profiles.later_gifts > 0 then 1 end) as positives
    from compared
    inner join profiles
        on compared.voter_number = profiles.voter_number
    where
        not compared.is_seed
        and exists (select 1 from seeds)
    group by round({{ logistic('compared.log_odds') }}, 4)
)

select * from counted_by_value
