with traits as (
    select * from {{ ref('lookalike_traits') }}
),

listed as (
    select distinct
        trait_number,
        feature,
        trait,
        population_share,
        '{{ invocation_id }}' as build_id
    from traits
)

select * from listed
