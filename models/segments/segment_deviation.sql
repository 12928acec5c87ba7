{{ config(parameters=['svids', 'deviation_threshold := 0.1']) }}

with profiles as (
    select * from {{ ref('enriched_profiles') }}
),

baseline as (
    select * from {{ ref('attribute_baseline') }}
),

voters as (
    {{ segment_voters() }}
),

segment_profiles as (
    select profiles.*
    from voters
    inner join profiles
        on voters.voter_number = profiles.voter_number
),

attributes as (
    {{ voter_attributes('segment_profiles') }}
),

counted_by_value as (
    select
        attributes.attribute,
        attributes.value,
        count(*) as people
    from attributes
    group by attributes.attribute, attributes.value
),

sized as (
    select count(*) as segment_voters from voters
),

-- Every value that occurs in the file, even if nobody in the segment has it.
paired as (
    select
        baseline.attribute,
        baseline.value,
        coalesce(counted_by_value.people, 0) as segment_people,
        sized.segment_voters,
        baseline.people as baseline_people,
        baseline.voters as baseline_voters,
        baseline.people - coalesce(counted_by_value.people, 0) as rest_people,
        baseline.voters - sized.segment_voters as rest_voters
    from baseline
    left join counted_by_value
        on
            baseline.attribute = counted_by_value.attribute
            and baseline.value = counted_by_value.value
    cross join sized
),

shared as (
    select
        *,
        {{ share('segment_people', 'segment_voters') }} as segment_share,
        {{ share('baseline_people', 'baseline_voters') }} as baseline_share,
        {{ sample_size('segment_voters') }} as segment_size,
        {{ sample_size('baseline_voters') }} as baseline_size
    from paired
),

bounded as (
    select
        *,
        {{ wilson_bound('segment_share', 'segment_size', '-') }} as segment_low,
        {{ wilson_bound('segment_share', 'segment_size', '+') }} as segment_high,
        {{ wilson_bound('baseline_share', 'baseline_size', '-') }} as baseline_low,
        {{ wilson_bound('baseline_share', 'baseline_size', '+') }} as baseline_high,
        {{ erfc_x(pooled_z('segment_people', 'segment_voters', 'rest_people', 'rest_voters')) }} as x
    from shared
),

measured as (
    select
        *,
        {{ newcombe_bound('segment_share', 'segment_low', 'baseline_share', 'baseline_high', '-') }} as ci_low,
        {{ newcombe_bound('segment_share', 'segment_high', 'baseline_share', 'baseline_low', '+') }} as ci_high,
        {{ erfc_t('x') }} as t
    from bounded
),

substituted as (
    select
        *,
        {{ erfc_u('t') }} as u
    from measured
),

-- Without any variation nothing deviates: p is 1.
tested as (
    select
        *,
        coalesce({{ two_sided_p('x', 't', 'u') }}, 1) as p_value
    from substituted
),

numbered as (
    select
        *,
        count(*) over () as tests,
        row_number() over (order by p_value, attribute, value) as p_rank
    from tested
),

-- Many rows are tested at once: q holds the false discovery rate of Benjamini and Hochberg (1995) (F51).
corrected as (
    select
        *,
        {{ q_value('p_value', 'tests', 'p_rank') }} as q
    from numbered
),

flagged as (
    select
        corrected.attribute,
        corrected.value,
        corrected.segment_people,
        corrected.segment_voters,
        corrected.segment_share,
        corrected.baseline_people,
        corrected.baseline_voters,
        corrected.baseline_share,
        corrected.segment_share - corrected.baseline_share as difference,
        corrected.segment_share / nullif(corrected.baseline_share, 0) as ratio,
        corrected.ci_low,
        corrected.ci_high,
        corrected.p_value,
        corrected.q as q_value,
        -- Rounded: in binary fractions 0.6 - 0.5 is slightly less than 0.1.
        coalesce(
            round(abs(corrected.segment_share - corrected.baseline_share), 12) >= {{ deviation_threshold() }}
            and corrected.q <= 0.05, false
        ) as is_flagged
    from corrected
)

select * from flagged
order by q_value asc, abs(difference) desc nulls last, attribute asc, value asc
