-- Every voter has one row. A scored voter has every score, any other has none. Groups and bins add up to the voters.
with voters as (
    select count(*) as voters from {{ ref('enriched_profiles') }}
),

scored as (
    select
        count(*) as voters,
        count(case when is_scored then 1 end) as scored,
        count(
            case
                when
                    engagement_tier is not null
                    and recent_level is not null
                    and recent_percentile is not null
                    and activity_score is not null
                    and interest_score is not null
                    and intent_score is not null
                    and multi_channel_score is not null
                    and conversion_rank is not null
                    then 1
            end
        ) as whole,
        count(
            coalesce(
                engagement_score, recent_score, recent_percentile, activity_score, interest_score, intent_score,
                multi_channel_score, conversion_rank
            )
        ) as any_score,
        max(conversion_rank) as last_rank,
        count(distinct conversion_rank) as ranks
    from {{ ref('engagement_scores') }}
),

grouped as (
    select
        dimension,
        cast(sum(user_count) as bigint) as voters
    from {{ ref('segment_performance') }}
    -- Segments overlap.
    where dimension <> 'segment'
    group by dimension
),

binned as (
    select
        score,
        cast(sum(people) as bigint) as people,
        max(scored_people) as scored_people,
        max(unscored_people) as unscored_people
    from {{ ref('score_distribution') }}
    group by score
),

wrong as (
    select 'voters without a row' as what
    from voters
    cross join scored
    where voters.voters <> scored.voters
    union all
    select 'scores in part' as what
    from scored
    where
        scored <> whole
        or scored <> any_score
        or scored <> ranks
        or scored <> coalesce(last_rank, 0)
    union all
    select 'groups of ' || grouped.dimension as what
    from grouped
    cross join voters
    where grouped.voters <> voters.voters
    union all
    select 'bins of ' || binned.score as what
    from binned
    cross join voters
    where
        binned.people <> binned.scored_people
        or binned.scored_people + binned.unscored_people <> voters.voters
)

select * from wrong
