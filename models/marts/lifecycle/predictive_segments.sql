with predictive_segment_members as (
    select * from {{ ref('predictive_segment_members') }}
),

voter_lifecycle as (
    select * from {{ ref('voter_lifecycle') }}
),

engagement_scores as (
    select * from {{ ref('engagement_scores') }}
),

segment_words as (
    select * from {{ ref('segment_words') }}
),

counted as (
    select
        members.predictive_segment,
        members.churn_overlay,
        members.birthday_proximity,
        members.engagement_tier,
        members.lifecycle_stage,
        count(*) as people,
        count(
            case when voter_lifecycle.activity_pattern in ('recently_active', 'moderately_active') then 1 end
        ) as active,
        count(case when voter_lifecycle.is_high_value then 1 end) as high_value,
        count(engagement_scores.engagement_score) as scored,
        cast(sum(cast(engagement_scores.engagement_score as decimal(18, 4))) as double) as engagement_sum,
        count(voter_lifecycle.churn_probability_score) as churn_scored,
        cast(sum(cast(voter_lifecycle.churn_probability_score as decimal(18, 4))) as double) as churn_sum
    from predictive_segment_members as members
    inner join voter_lifecycle
        on members.voter_number = voter_lifecycle.voter_number
    left join engagement_scores
        on members.voter_number = engagement_scores.voter_number
    group by
        members.predictive_segment,
        members.churn_overlay,
        members.birthday_proximity,
        members.engagement_tier,
        members.lifecycle_stage
),

-- Only the parts that say something, in their order: "At risk, birthday approaching, declining, veteran".
worded as (
    select
        counted.predictive_segment,
        string_agg(nullif(segment_words.words, ''), ', ' order by segment_words.sort_order) as words
    from counted
    inner join segment_words
        on
            (segment_words.dimension = 'churn_overlay' and counted.churn_overlay = segment_words.value)
            or (segment_words.dimension = 'birthday_proximity' and counted.birthday_proximity = segment_words.value)
            or (
                segment_words.dimension = 'engagement_tier'
                and coalesce(counted.engagement_tier, 'not_scored') = segment_words.value
            )
            or (segment_words.dimension = 'lifecycle_stage' and counted.lifecycle_stage = segment_words.value)
    group by counted.predictive_segment
),

measured as (
    select
        counted.*,
        upper(left(worded.words, 1)) || substring(worded.words, 2) as segment_name,
        sum(counted.people) over () as all_voters,
        counted.people < {{ rule_value('disclosure_limits', 'small_group') }} as is_small_group,
        bounds.segment_narrow,
        bounds.segment_broad
    from counted
    inner join worded
        on counted.predictive_segment = worded.predictive_segment
    cross join {{ lifecycle_rules() }} as bounds
),

-- A small group has a size and no other number.
described as (
    select
        predictive_segment,
        segment_name,
        churn_overlay,
        birthday_proximity,
        engagement_tier,
        lifecycle_stage,
        people,
        round({{ share('people', 'all_voters') }}, 4) as voter_share,
        is_small_group,
        case
            when people * 100 < segment_narrow * all_voters then 'narrow'
            when people * 100 > segment_broad * all_voters then 'broad'
            else 'balanced'
        end as segment_size,
        case when not is_small_group then active end as active_voters,
        case when not is_small_group then high_value end as high_value_voters,
        case when not is_small_group then scored end as scored_voters,
        case when not is_small_group then round({{ share('engagement_sum', 'scored') }}, 2) end
            as mean_engagement_score,
        case when not is_small_group then churn_scored end as churn_scored_voters,
        case when not is_small_group then round({{ share('churn_sum', 'churn_scored') }}, 4) end
            as mean_churn_probability,
        '{{ invocation_id }}' as build_id
    from measured
)

select * from described
