with profiles as (
    select * from {{ ref('lookalike_profiles') }}
),

person_clients as (
    select * from {{ ref('person_client_affinity') }}
),

-- One client may be missing from all of a person's engagements: the shares are of those with a client.
client_totals as (
    select
        state,
        svid,
        sum(engagements) as engagements
    from person_clients
    group by state, svid
),

mixed as (
    select
        person_clients.state,
        person_clients.svid,
        'client' as feature,
        person_clients.client_shortname as trait,
        {{ share('person_clients.engagements', 'client_totals.engagements') }} as share,
        person_clients.engagements,
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

banded as (
    select
        state,
        svid,
        'engagement_rate' as feature,
        engagement_rate_band as trait,
        cast(1 as double) as share,
        engagements,
        voter_number
    from profiles
    union all
    select
        state,
        svid,
        'recency' as feature,
        recency_band as trait,
        cast(1 as double) as share,
        engagements,
        voter_number
    from profiles
),

united as (
    select * from mixed
    union all
    select * from banded
),

-- What everybody is like: the mean share of each trait over all people with the feature.
people_by_feature as (
    select
        feature,
        count(*) as people
    from (
        select distinct
            feature,
            state,
            svid
        from united
    ) as people
    group by feature
),

averaged as (
    select
        united.feature,
        united.trait,
        row_number() over (order by united.feature, united.trait) as trait_number,
        sum(united.share) / max(people_by_feature.people) as population_share
    from united
    inner join people_by_feature
        on united.feature = people_by_feature.feature
    group by united.feature, united.trait
),

compared as (
    select
        united.state,
        united.svid,
        united.feature,
        united.trait,
        united.engagements,
        united.share,
        averaged.population_share,
        united.voter_number,
        averaged.trait_number,
        '{{ invocation_id }}' as build_id
    from united
    inner join averaged
        on
            united.feature = averaged.feature
            and united.trait = averaged.trait
)

select * from compared
