with profiles as (
    select * from {{ ref('lookalike_profiles') }}
),

person_clients as (
    select * from {{ ref('person_client_affinity') }}
),

-- Engagements without a client are left out: the shares are of those with one.
client_totals as (
    select
        state,
        svid,
        sum(engagements) as engagements
    from person_clients
    group by state, svid
),

shared as (
    select
        person_clients.state,
        person_clients.svid,
        person_clients.client_shortname,
        person_clients.engagements,
        {{ share('person_clients.engagements', 'client_totals.engagements') }} as share,
        profiles.voter_number
    from person_clients
    inner join client_totals
        on
            person_clients.state = client_totals.state
            and person_clients.svid = client_totals.svid
    inner join profiles
        on
            person_clients.state = profiles.state
            and person_clients.svid = profiles.svid
    where person_clients.engagements > 0
),

counted as (
    select count(distinct voter_number) as people
    from shared
),

-- The population: the mean share of each client over all people with one.
averaged as (
    select
        shared.client_shortname,
        row_number() over (order by shared.client_shortname) as trait_number,
        {{ exact_sum('shared.share', 15) }} / max(counted.people) as population_share
    from shared
    cross join counted
    group by shared.client_shortname
),

compared as (
    select
        shared.state,
        shared.svid,
        shared.client_shortname,
        shared.engagements,
        shared.share,
        averaged.population_share,
        shared.voter_number,
        averaged.trait_number,
        '{{ invocation_id }}' as build_id
    from shared
    inner join averaged
        on shared.client_shortname = averaged.client_shortname
)

select * from compared
