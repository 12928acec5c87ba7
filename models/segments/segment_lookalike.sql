{{ config(parameters=['svids', 'expansion_size := 1000', 'min_similarity := 0.0']) }}

{{ with_recursion() }} profiles as {{ inlined() }} (
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

voters as {{ materialized() }} (
    {{ segment_voters() }}
),

addresses as (
    {{ segment_addresses('voters') }}
),

{{ likeness_steps('profiles', 'traits', 'population', 'voters') }},

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
    select
        compared.*,
        round({{ logistic('compared.log_odds') }}, 4) as similarity
    from compared
    inner join profiles
        on compared.voter_number = profiles.voter_number
    where
        profiles.is_eligible
        and exists (select 1 from voters)
        and not exists (
            select 1
            from excluded
            where excluded.voter_number = compared.voter_number
        )
),

-- Voter numbers follow state and svid. The limit comes before the rank, so that only the best are sorted.
limited as {{ materialized() }} (
    select *
    from candidates
    where similarity >= {{ min_similarity() }}
    order by similarity desc, voter_number asc
    limit cast(floor(greatest(0, {{ expansion_size() }})) as bigint)
),

limited_clients as (
    select
        limited.voter_number,
        traits.engagements,
        counted_traits.client_shortname,
        traits.share * counted_traits.weight as contribution
    from limited
    inner join traits
        on limited.voter_number = traits.voter_number
    inner join counted_traits
        on traits.trait_number = counted_traits.trait_number
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

-- The reason names the three terms that raised the similarity most, and up to three clients that did.
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

named_clients as (
    select
        voter_number,
        'interest in ' || string_agg(client_shortname, ', ' order by client_number) as clients
    from numbered_clients
    where client_number <= 3
    group by voter_number
),

numbered_terms as (
    select
        *,
        row_number() over (partition by voter_number order by contribution desc, term asc) as term_number
    from (
        select
            limited.voter_number,
            terms.term,
            round(case terms.term
                when 'clients' then limited.logit_clients
                when 'engagements' then limited.logit_engagements
                when 'recency' then limited.logit_recency
                when 'tenure' then limited.logit_tenure
                when 'click rate' then limited.logit_click_rate
                when 'giving' then limited.logit_giving
            end, 4) as contribution
        from limited
        cross join (
            values ('clients'), ('engagements'), ('recency'), ('tenure'), ('click rate'), ('giving')
        ) as terms (term)
    ) as contributions
    where contribution > 0
),

reasoned as (
    select
        numbered_terms.voter_number,
        string_agg(
            case numbered_terms.term
                when 'clients' then coalesce(named_clients.clients, 'mix of clients')
                when 'engagements' then 'number of engagements'
                when 'recency' then 'time since the last engagement'
                when 'tenure' then 'time since the first engagement'
                else numbered_terms.term
            end, '; '
            order by numbered_terms.term_number
        ) as terms
    from numbered_terms
    -- Their mix of clients may be like the segment's without one that stands out.
    left join named_clients
        on numbered_terms.voter_number = named_clients.voter_number
    where numbered_terms.term_number <= 3
    group by numbered_terms.voter_number
),

answered as (
    select
        row_number() over (order by limited.similarity desc, limited.voter_number asc) as rank,
        profiles.state,
        profiles.svid,
        profiles.person_id,
        limited.similarity,
        coalesce(overlapped.similarity_score, 0) as similarity_score,
        coalesce('Like the segment in: ' || reasoned.terms, 'Nothing of theirs stands out in the segment') as reason
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
