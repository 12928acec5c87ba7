-- A segment of ten donors: ranks run 1..n without gaps in the order of similarity, every person once, no
-- member of the segment, no person who opted out or never engaged, and no more rows than requested.
{% set segment %}
    select
        profiles.state,
        profiles.svid
    from {{ ref('enriched_profiles') }} as profiles
    where profiles.is_donor and profiles.engagements > 0
    order by profiles.state, profiles.svid
    limit 10
{% endset %}

with answered as (
    select
        lookalikes.rank,
        lookalikes.state,
        lookalikes.svid,
        lookalikes.similarity,
        lookalikes.similarity_score,
        row_number() over (
            order by lookalikes.similarity desc, lookalikes.state asc, lookalikes.svid asc
        ) as expected_rank,
        count(*) over (partition by lookalikes.state, lookalikes.svid) as occurrences
    from {{ ref('segment_lookalike') }}((
        select list({{ voter_text('segment.state', 'segment.svid') }}) from ({{ segment }}) as segment
    ), expansion_size := 50, min_similarity := 0.3) as lookalikes
),

segment as (
    {{ segment }}
),

profiles as (
    select * from {{ ref('enriched_profiles') }}
)

select
    answered.rank,
    answered.state,
    answered.svid,
    answered.similarity
from answered
-- A lookalike without a profile is an error too.
left join profiles
    on
        answered.state = profiles.state
        and answered.svid = profiles.svid
left join segment
    on
        answered.state = segment.state
        and answered.svid = segment.svid
where
    answered.rank <> answered.expected_rank
    or answered.rank > 50
    or answered.similarity not between 0.3 and 1
    or answered.similarity_score < 0
    or answered.occurrences > 1
    or segment.svid is not null
    or coalesce(profiles.has_opted_out, true)
    or coalesce(profiles.engagements, 0) = 0
