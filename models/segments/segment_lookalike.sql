{{ config(parameters=['svids', 'expansion_size := 1000', 'min_similarity := 0.0']) }}

with profiles as (
    select * from {{ ref('lookalike_profiles') }}
),

traits as (
    select * from {{ ref('lookalike_traits') }}
),

address_clients as (
    select * from {{ ref('agg_engagement_by_address_client') }}
),

voter_addresses as (
    select * from {{ ref('lnk_voter_address') }}
),

voter_phones as (
    select * from {{ ref('lnk_voter_phone') }}
),

voters as (
    {{ segment_voters() }}
),

addresses as (
    {{ segment_addresses('voters') }}
),

phones as (
    select distinct voter_phones.phone_key
    from voter_phones
    inner join voters
        on
            voter_phones.state = voters.state
            and voter_phones.svid = voters.svid
    where voter_phones.is_used
),

-- In the segment, or behind an address or phone of it (F36 to F38, F43).
excluded as (
    select
        state,
        svid
    from voters
    union
    select
        voter_addresses.state,
        voter_addresses.svid
    from voter_addresses
    inner join addresses
        on voter_addresses.email_key = addresses.email_key
    union
    select
        voter_phones.state,
        voter_phones.svid
    from voter_phones
    inner join phones
        on voter_phones.phone_key = phones.phone_key
    where voter_phones.is_used
),

-- Nobody is like an empty segment.
candidates as (
    select
        profiles.state,
        profiles.svid,
        profiles.person_id
    from profiles
    where
        profiles.is_eligible
        and exists (select 1 from voters)
        and not exists (
            select 1
            from excluded
            where
                excluded.state = profiles.state
                and excluded.svid = profiles.svid
        )
),

segment_traits as (
    select
        traits.feature,
        traits.trait,
        sum(traits.share) as people
    from traits
    inner join voters
        on
            traits.state = voters.state
            and traits.svid = voters.svid
    group by traits.feature, traits.trait
),

segment_people as (
    select
        feature,
        sum(people) as people
    from segment_traits
    group by feature
),

-- How much commoner a trait is in the segment than in the population, as a log ratio; the prior's
-- people are like the population, so that a small segment is not taken at its word.
weighed as (
    select
        population.feature,
        population.trait,
        {{ lookalike_weights('population.feature') }} * ln(
            (
                coalesce(segment_traits.people, 0) / population.population_share
                + {{ lookalike_number('prior_strength') }}
            ) / (coalesce(segment_people.people, 0) + {{ lookalike_number('prior_strength') }})
        ) as weight
    from (
        select distinct
            feature,
            trait,
            population_share
        from traits
    ) as population
    -- A trait that nobody in the segment has speaks against a candidate.
    left join segment_traits
        on
            population.feature = segment_traits.feature
            and population.trait = segment_traits.trait
    left join segment_people
        on population.feature = segment_people.feature
),

contributed as (
    select
        traits.state,
        traits.svid,
        traits.feature,
        traits.trait,
        traits.share * weighed.weight as contribution
    from traits
    inner join weighed
        on
            traits.feature = weighed.feature
            and traits.trait = weighed.trait
),

summed as (
    select
        candidates.state,
        candidates.svid,
        candidates.person_id,
        round(1 / (1 + exp(-sum(contributed.contribution))), 4) as similarity
    from candidates
    inner join contributed
        on
            candidates.state = contributed.state
            and candidates.svid = contributed.svid
    group by candidates.state, candidates.svid, candidates.person_id
),

ranked as (
    select
        row_number() over (order by similarity desc, state asc, svid asc) as rank,
        state,
        svid,
        person_id,
        similarity
    from summed
    where similarity >= {{ min_similarity() }}
),

limited as (
    select
        rank,
        state,
        svid,
        person_id,
        similarity
    from ranked
    where rank <= {{ expansion_size() }}
),

-- The brief's overlap (000-30, 000-31), on engagements.
segment_clients as (
    select
        address_clients.client_shortname,
        sum(address_clients.engagements) as engagements
    from address_clients
    inner join addresses
        on address_clients.email_key = addresses.email_key
    group by address_clients.client_shortname
    having sum(address_clients.engagements) > {{ lookalike_number('min_segment_engagements') }}
),

segment_shares as (
    select
        client_shortname,
        engagements,
        cast(engagements as double) / sum(engagements) over () as share
    from segment_clients
),

overlapped as (
    select
        limited.state,
        limited.svid,
        sum(least(traits.engagements, 2 * segment_shares.engagements) * segment_shares.share) as similarity_score
    from limited
    inner join traits
        on
            limited.state = traits.state
            and limited.svid = traits.svid
            and traits.feature = 'client'
    inner join segment_shares
        on traits.trait = segment_shares.client_shortname
    group by limited.state, limited.svid
),

-- The three clients that raised the similarity most.
numbered_clients as (
    select
        limited.state,
        limited.svid,
        contributed.trait,
        row_number() over (
            partition by limited.state, limited.svid
            order by contributed.contribution desc, contributed.trait asc
        ) as client_number
    from limited
    inner join contributed
        on
            limited.state = contributed.state
            and limited.svid = contributed.svid
    where
        contributed.feature = 'client'
        and contributed.contribution > 0
),

reasoned as (
    select
        state,
        svid,
        string_agg(trait, ', ' order by client_number) as clients
    from numbered_clients
    where client_number <= 3
    group by state, svid
),

answered as (
    select
        limited.rank,
        limited.state,
        limited.svid,
        limited.person_id,
        limited.similarity,
        coalesce(overlapped.similarity_score, 0) as similarity_score,
        coalesce(
            'Shares the segment''s interest in ' || reasoned.clients,
            'No client of theirs stands out in the segment'
        ) as reason
    from limited
    left join overlapped
        on
            limited.state = overlapped.state
            and limited.svid = overlapped.svid
    left join reasoned
        on
            limited.state = reasoned.state
            and limited.svid = reasoned.svid
)

select * from answered
order by rank
