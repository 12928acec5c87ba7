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

counted as (
    select
        attribute,
        value,
        count(*) as segment_people
    from attributes
    group by attribute, value
),

sized as (
    select count(*) as segment_voters from voters
),

-- Every value that occurs in the file, whether or not the segment has it.
paired as (
    select
        baseline.attribute,
        baseline.value,
        coalesce(counted.segment_people, 0) as segment_people,
        sized.segment_voters,
        baseline.people as baseline_people,
        baseline.voters as baseline_voters,
        baseline.people - coalesce(counted.segment_people, 0) as rest_people,
        baseline.voters - sized.segment_voters as rest_voters
    from baseline
    left join counted
        on
            baseline.attribute = counted.attribute
            and baseline.value = counted.value
    cross join sized
),

shared as (
    select
        attribute,
        value,
        segment_people,
        segment_voters,
        baseline_people,
        baseline_voters,
        rest_people,
        rest_voters,
        {{ share('segment_people', 'segment_voters') }} as segment_share,
        {{ share('baseline_people', 'baseline_voters') }} as baseline_share,
        {{ sample_size('segment_voters') }} as segment_size,
        {{ sample_size('baseline_voters') }} as baseline_size
    from paired
),

bounded as (
    select
        attribute,
        value,
        segment_people,
        segment_voters,
        baseline_people,
        baseline_voters,
        segment_share,
        baseline_share,
        {{ wilson_bound('segment_share', 'segment_size', '-') }} as segment_low,
        {{ wilson_bound('segment_share', 'segment_size', '+') }} as segment_high,
        {{ wilson_bound('baseline_share', 'baseline_size', '-') }} as baseline_low,
        {{ wilson_bound('baseline_share', 'baseline_size', '+') }} as baseline_high,
        {{ erfc_x(pooled_z('segment_people', 'segment_voters', 'rest_people', 'rest_voters')) }} as x
    from shared
),

measured as (
    select
        attribute,
        value,
        segment_people,
        segment_voters,
        baseline_people,
        baseline_voters,
        segment_share,
        baseline_share,
        {{ newcombe_bound('segment_share', 'segment_low', 'baseline_share', 'baseline_high', '-') }} as ci_low,
        {{ newcombe_bound('segment_share', 'segment_high', 'baseline_share', 'baseline_low', '+') }} as ci_high,
        x,
        {{ erfc_t('x') }} as t
    from bounded
),

substituted as (
    select
        attribute,
        value,
        segment_people,
        segment_voters,
        baseline_people,
        baseline_voters,
        segment_share,
        baseline_share,
        ci_low,
        ci_high,
        x,
        t,
        {{ erfc_u('t') }} as u
    from measured
),

tested as (
    select
        attribute,
        value,
        segment_people,
        segment_voters,
        baseline_people,
        baseline_voters,
        segment_share,
        baseline_share,
        ci_low,
        ci_high,
        -- Where nothing varies nothing deviates.
        coalesce({{ two_sided_p('x', 't', 'u') }}, 1) as p_value
    from substituted
),

numbered as (
    select
        attribute,
        value,
        segment_people,
        segment_voters,
        baseline_people,
        baseline_voters,
        segment_share,
        baseline_share,
        ci_low,
        ci_high,
        p_value,
        count(*) over () as tests,
        row_number() over (order by p_value, attribute, value) as p_rank
    from tested
),

-- Many rows are looked at: the false discovery rate of Benjamini and Hochberg (1995) is held (F51).
corrected as (
    select
        attribute,
        value,
        segment_people,
        segment_voters,
        baseline_people,
        baseline_voters,
        segment_share,
        baseline_share,
        segment_share - baseline_share as difference,
        segment_share / nullif(baseline_share, 0) as ratio,
        ci_low,
        ci_high,
        p_value,
        {{ q_value('p_value', 'tests', 'p_rank') }} as q_value
    from numbered
),

flagged as (
    select
        attribute,
        value,
        segment_people,
        segment_voters,
        segment_share,
        baseline_people,
        baseline_voters,
        baseline_share,
        difference,
        ratio,
        ci_low,
        ci_high,
        p_value,
        q_value,
        -- Rounded: 0.6 - 0.5 is a hair below 0.1 in binary fractions.
        coalesce(round(abs(difference), 12) >= {{ deviation_threshold() }} and q_value <= 0.05, false) as is_flagged
    from corrected
)

select * from flagged
order by q_value asc, abs(difference) desc nulls last, attribute asc, value asc
