{{ config(parameters=['svids', 'expansion_size := 1000', 'min_similarity := 0.0']) }}

with profiles as {{ inlined() }} (
    select * from {{ ref('lookalike_profiles') }}
),

traits as {{ inlined() }} (
    select * from {{ ref('lookalike_traits') }}
),

population as {{ inlined() }} (
    select * from {{ ref('lookalike_population') }}
),

address_clients as (
    select * from {{ ref('agg_engagement_by_address_client') }}
),

neighbours as (
    select * from {{ ref('key_voter_neighbours') }}
),

voters as (
    {{ segment_voters() }}
),

addresses as (
    {{ segment_addresses('voters') }}
),

-- The segment's own voters, and people who share an address or phone with one (F36 to F38, F43).
excluded as (
    select voter_number from voters
    union
    select neighbours.neighbour_number as voter_number
    from neighbours
    inner join voters
        on neighbours.voter_number = voters.voter_number
),

-- An empty segment has no candidates.
candidates as (
    select profiles.voter_number
    from profiles
    where
        profiles.is_eligible
        and exists (select 1 from voters)
        and not exists (
            select 1
            from excluded
            where excluded.voter_number = profiles.voter_number
        )
),

segment_traits as (
    select
        traits.trait_number,
        {{ exact_sum('traits.share', 15) }} as people
    from traits
    inner join voters
        on traits.voter_number = voters.voter_number
    group by traits.trait_number
),

segment_people as (
    select
        population.feature,
        {{ exact_sum('segment_traits.people', 12, 28) }} as people
    from segment_traits
    inner join population
        on segment_traits.trait_number = population.trait_number
    group by population.feature
),

-- How much commoner a trait is in the segment than in the population, as a log ratio. The prior adds average people,
-- so that a small segment does not count for more than it shows.
weighed as (
    select
        population.trait_number,
        population.feature,
        population.trait,
        case population.feature
            when 'client' then {{ rule_value('lookalike_weights', 'client_mix') }}
            when 'engagement_rate' then {{ rule_value('lookalike_weights', 'engagement_rate') }}
            when 'recency' then {{ rule_value('lookalike_weights', 'recency') }}
        end * ln(
            (
                coalesce(segment_traits.people, 0) / population.population_share
                + {{ rule_value('lookalike_weights', 'prior_strength') }}
            ) / (coalesce(segment_people.people, 0) + {{ rule_value('lookalike_weights', 'prior_strength') }})
        ) as weight
    from population
    -- A trait that nobody in the segment has counts against a candidate.
    left join segment_traits
        on population.trait_number = segment_traits.trait_number
    left join segment_people
        on population.feature = segment_people.feature
),

summed as (
    select
        traits.voter_number,
        round(1 / (1 + exp(-{{ exact_sum('traits.share * weighed.weight', 12) }})), 4) as similarity
    from traits
    inner join weighed
        on traits.trait_number = weighed.trait_number
    inner join candidates
        on traits.voter_number = candidates.voter_number
    group by traits.voter_number
),

-- Voter numbers follow state and svid. The limit comes before the rank, so that only the best are sorted.
limited as (
    select
        voter_number,
        similarity
    from summed
    where similarity >= {{ min_similarity() }}
    order by similarity desc, voter_number asc
    limit cast(floor(greatest(0, {{ expansion_size() }})) as bigint)
),

limited_clients as (
    select
        limited.voter_number,
        traits.engagements,
        weighed.trait as client_shortname,
        traits.share * weighed.weight as contribution
    from limited
    inner join traits
        on limited.voter_number = traits.voter_number
    inner join weighed
        on traits.trait_number = weighed.trait_number
    where weighed.feature = 'client'
),

-- The brief's overlap (000-30, 000-31), on engagements.
segment_clients as (
    select
        address_clients.client_shortname,
        sum(address_clients.engagements) as engagements
    from address_clients
    inner join addresses
        on address_clients.address_number = addresses.address_number
    group by address_clients.client_shortname
    having sum(address_clients.engagements) > {{ rule_value('lookalike_weights', 'min_segment_engagements') }}
),

segment_shares as (
    select
        *,
        cast(engagements as double) / sum(engagements) over () as share
    from segment_clients
),

overlapped as (
    select
        limited_clients.voter_number,
        {{ exact_sum(
            'least(limited_clients.engagements, 2 * segment_shares.engagements) * segment_shares.share', 12, 28
        ) }} as similarity_score
    from limited_clients
    inner join segment_shares
        on limited_clients.client_shortname = segment_shares.client_shortname
    group by limited_clients.voter_number
),

-- The reason names the three clients that raised the similarity most.
numbered_clients as (
    select
        *,
        row_number() over (
            partition by voter_number
            order by contribution desc, client_shortname asc
        ) as client_number
    from limited_clients
    where contribution > 0
),

reasoned as (
    select
        voter_number,
        string_agg(client_shortname, ', ' order by client_number) as clients
    from numbered_clients
    where client_number <= 3
    group by voter_number
),

answered as (
    select
        row_number() over (order by limited.similarity desc, limited.voter_number asc) as rank,
        profiles.state,
        profiles.svid,
        profiles.person_id,
        limited.similarity,
        coalesce(overlapped.similarity_score, 0) as similarity_score,
        coalesce(
            'Shares the segment''s interest in ' || reasoned.clients,
            'No client of theirs stands out in the segment'
        ) as reason
    from limited
    inner join profiles
        on limited.voter_number = profiles.voter_number
    left join overlapped
        on limited.voter_number = overlapped.voter_number
    left join reasoned
        on limited.voter_number = reasoned.voter_number
)

select * from answered
order by rank
