with scores as (
    select * from {{ ref('engagement_scores') }}
),

channels as (
    select * from {{ ref('channel_engagement') }}
),

behavior as (
    select * from {{ ref('agg_behavior_by_voter_channel') }}
),

-- Each event once: at a shared address it counts for the first of its voters (F05).
events_by_voter as (
    select
        voter_number,
        sum(contact_human_events) as events
    from behavior
    group by voter_number
),

preferred as (
    select * from channels
    where is_preferred
),

-- Every voter has one value in each dimension, so the counts add up to the file (F98).
stacked as (
    select
        dimensions.dimension,
        case dimensions.dimension
            when 'engagement_tier' then coalesce(scores.engagement_tier, 'not_scored')
            when 'preferred_channel' then coalesce(preferred.channel, 'none')
            when 'recent_level' then coalesce(scores.recent_level, 'not_scored')
        end as value,
        scores.engagement_score,
        coalesce(events_by_voter.events, 0) as events
    from scores
    left join preferred
        on scores.voter_number = preferred.voter_number
    left join events_by_voter
        on scores.voter_number = events_by_voter.voter_number
    cross join (values ('engagement_tier'), ('preferred_channel'), ('recent_level')) as dimensions (dimension)
),

summed as (
    select
        dimension,
        value,
        count(*) as user_count,
        round({{ exact_mean('engagement_score', 4) }}, 2) as average_engagement_score,
        cast(sum(events) as bigint) as total_human_events
    from stacked
    group by dimension, value
),

rated as (
    select
        dimension,
        value,
        user_count,
        average_engagement_score,
        total_human_events,
        round({{ share('total_human_events', 'user_count') }}, 4) as events_per_user,
        user_count < {{ rule_value('disclosure_limits', 'small_group') }} as is_small_group,
        '{{ invocation_id }}' as build_id
    from summed
)

select * from rated
