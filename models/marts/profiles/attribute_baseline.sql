with profiles as (
    select * from {{ ref('enriched_profiles') }}
),

attributes as (
    {{ voter_attributes('profiles') }}
),

-- Both values of a flag are listed, even if no voter has one of them.
listed as (
    select
        attributes.*,
        1 as is_person
    from attributes
    union all
    select
        flags.attribute,
        flags.value,
        0 as is_person
    from (
        values ('donor', 'true'), ('donor', 'false'), ('clicker', 'true'), ('clicker', 'false')
    ) as flags (attribute, value)
),

voters as (
    select count(*) as voters from profiles
),

counted as (
    select
        listed.attribute,
        listed.value,
        cast(sum(listed.is_person) as bigint) as people
    from listed
    group by listed.attribute, listed.value
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
