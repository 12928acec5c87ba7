with scores as (
    select * from {{ ref('engagement_scores') }}
),

propensity as (
    select * from {{ ref('donor_propensity') }}
),

scales as (
    select * from {{ score_scales() }} as score_scales
),

-- Every score starts at 0.
stacked as (
    select
        names.score,
        names.highest,
        case names.score
            when 'engagement_score' then scores.engagement_score
            when 'recent_score' then scores.recent_score
            when 'recent_percentile' then scores.recent_percentile
            when 'activity_score' then scores.activity_score
            when 'interest_score' then scores.interest_score
            when 'intent_score' then scores.intent_score
            when 'multi_channel_score' then scores.multi_channel_score
        end as value
    from scores
    cross join (
        values
        ('engagement_score', 100),
        ('recent_score', 1),
        ('recent_percentile', 1),
        ('activity_score', 100),
        ('interest_score', 100),
        ('intent_score', 100),
        ('multi_channel_score', 100)
    ) as names (score, highest)
    union all
    select
        'donor_propensity_score' as score,
        1 as highest,
        case when is_scored then donor_propensity_score end as value
    from propensity
),

binned as (
    select
        stacked.*,
        case
            when stacked.value >= stacked.highest then cast(scales.distribution_bins as bigint)
            else cast(floor(stacked.value * scales.distribution_bins / stacked.highest) as bigint) + 1
        end as bin
    from stacked
    cross join scales
),

counted_by_bin as (
    select
        score,
        bin,
        count(*) as people
    from binned
    group by score, bin
),

summarised as (
    select
        binned.score,
        binned.highest,
        count(binned.value) as scored_people,
        count(*) - count(binned.value) as unscored_people,
        round({{ exact_mean('binned.value', 6) }}, 4) as mean,
        round(median(binned.value), 4) as median,
        -- From sums that are exact: scores have at most four places, their squares eight.
        case
            when count(binned.value) > 1
                then round(sqrt(greatest(
                    0,
                    {{ exact_sum('binned.value * binned.value', 8) }}
                    - {{ exact_sum('binned.value', 6) }} * {{ exact_sum('binned.value', 6) }} / count(binned.value)
                ) / (count(binned.value) - 1)), 4)
        end as standard_deviation,
        min(binned.value) as lowest_value,
        max(binned.value) as highest_value,
        count(case when binned.value >= scales.high_share * binned.highest then 1 end) as high_people,
        count(case when binned.value <= scales.low_share * binned.highest then 1 end) as low_people
    from binned
    cross join scales
    group by binned.score, binned.highest
),

bins as (
    select
        numbers.bin,
        scales.distribution_bins as bins
    from (
        values
        (1), (2), (3), (4), (5), (6), (7), (8), (9), (10),
        (11), (12), (13), (14), (15), (16), (17), (18), (19), (20)
    ) as numbers (bin)
    inner join scales
        on numbers.bin <= scales.distribution_bins
),

-- Every bin of every score, also the empty ones.
distributed as (
    select
        summarised.score,
        cast(bins.bin as bigint) as bin,
        cast(bins.bin - 1 as double) * summarised.highest / bins.bins as bin_from,
        cast(bins.bin as double) * summarised.highest / bins.bins as bin_to,
        coalesce(counted_by_bin.people, 0) as people,
        {{ share('coalesce(counted_by_bin.people, 0)', 'summarised.scored_people') }} as people_share,
        summarised.scored_people,
        summarised.unscored_people,
        summarised.mean,
        summarised.median,
        summarised.standard_deviation,
        summarised.lowest_value,
        summarised.highest_value,
        summarised.high_people,
        {{ share('summarised.high_people', 'summarised.scored_people') }} as high_people_share,
        summarised.low_people,
        {{ share('summarised.low_people', 'summarised.scored_people') }} as low_people_share,
        '{{ invocation_id }}' as build_id
    from summarised
    cross join bins
    left join counted_by_bin
        on
            summarised.score = counted_by_bin.score
            and bins.bin = counted_by_bin.bin
)

select * from distributed
