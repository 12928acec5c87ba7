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

united as (
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
    union all
    select
        profiles.state,
        profiles.svid,
        features.feature,
        case features.feature
            when 'engagement_rate' then profiles.engagement_rate_band
            when 'recency' then profiles.recency_band
        end as trait,
        cast(1 as double) as share,
        profiles.engagements,
        profiles.voter_number
    from profiles
    cross join (values ('engagement_rate'), ('recency')) as features (feature)
),

people_by_feature as (
    select
        people.feature,
        count(*) as people
    from (
        select distinct
            feature,
            state,
            svid
        from united
    ) as people
    group by people.feature
),

-- The population: the mean share of each trait over all people with the feature.
averaged as (
    select
        united.feature,
        united.trait,
        row_number() over (order by united.feature, united.trait) as trait_number,
        {{ exact_sum('united.share', 15) }} / max(people_by_feature.people) as population_share
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
