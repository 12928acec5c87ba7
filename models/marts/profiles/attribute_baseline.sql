with profiles as (
    select * from {{ ref('enriched_profiles') }}
),

attributes as (
    {{ voter_attributes('profiles') }}
),

-- Both values of a flag are there, even if nobody has one of them.
listed as (
    select
        attribute,
        value,
        1 as people
    from attributes
    union all
    select
        flags.attribute,
        flags.value,
        0 as people
    from (
        select
            'donor' as attribute,
            'true' as value
        union all
        select
            'donor' as attribute,
            'false' as value
        union all
        select
            'clicker' as attribute,
            'true' as value
        union all
        select
            'clicker' as attribute,
            'false' as value
    ) as flags
),

counted as (
    select
        attribute,
        value,
        cast(sum(people) as bigint) as people
    from listed
    group by attribute, value
),

voters as (
    select count(*) as voters from profiles
),

shared as (
    select
        counted.attribute,
        counted.value,
        counted.people,
        voters.voters,
        {{ share('counted.people', 'voters.voters') }} as baseline_share,
        '{{ invocation_id }}' as build_id
    from counted
    cross join voters
)

select * from shared
