with traits as (
    select * from {{ ref('lookalike_traits') }}
),

listed as (
    select distinct
        trait_number,
        client_shortname,
        population_share,
        '{{ invocation_id }}' as build_id
    from traits
)

select * from listed
