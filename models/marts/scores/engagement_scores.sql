-- Longer than other models: seven scores of one person share their inputs, windows and scales.

with profiles as (
    select * from {{ ref('enriched_profiles') }}
),

behavior as (
    select * from {{ ref('agg_behavior_by_voter_channel') }}
),

sessions as (
    select * from {{ ref('agg_active_sessions_by_voter') }}
),

top_contents as (
    select * from {{ ref('agg_top_contents_by_voter') }}
),

channels as (
    select * from {{ ref('channel_engagement') }}
),

propensity as (
    select * from {{ ref('donor_propensity') }}
),

channel_weights as (
    select * from {{ ref('channel_weights') }}
),

score_levels as (
    select * from {{ ref('score_levels') }}
),

clock as (
    select * from {{ ref('key_clock') }}
),

weights as (
    select * from {{ engagement_weights() }} as engagement_weights
),

scales as (
    select * from {{ score_scales() }} as score_scales
),

-- Points have three places. The sum is rounded to three, too, so that equal points stay equal.
summed_by_voter as (
    select
        voter_number,
        cast(sum(human_events) as bigint) as human_events,
        cast(sum(human_event_types) as bigint) as human_event_types,
        min(first_event_date) as first_event_date,
        max(last_activity_date) as last_activity_date,
        round(sum(recent_points), 3) as recent_points,
        round(sum(activity_points), 3) as activity_points,
        round(sum(interest_points), 3) as interest_points,
        round(sum(intent_points), 3) as intent_points
    from behavior
    group by voter_number
),

used_channels as (
    select distinct channel from channels
),

-- Channels that nobody uses do not count towards the full score.
weighed_channels as (
    select {{ exact_sum('channel_weights.weight', 9) }} as weight
    from channel_weights
    inner join used_channels
        on channel_weights.channel = used_channels.channel
),

strengths as (
    select
        channels.voter_number,
        {{ exact_sum('channel_weights.weight * channels.channel_strength', 9) }} as strength,
        count(case when channels.channel_strength > 0 then 1 end) as strong_channels
    from channels
    inner join channel_weights
        on channels.channel = channel_weights.channel
    group by channels.voter_number
),

-- People with a session in the window.
measured as (
    select
        voter_number,
        engagement_sessions as frequency,
        engagement_points / engagement_sessions as depth,
        cast(engagement_seconds as double) / engagement_sessions as duration
    from sessions
    where engagement_sessions > 0
),

placed as (
    select
        *,
        cume_dist() over (order by frequency) as frequency_share,
        cume_dist() over (order by depth) as depth_share,
        cume_dist() over (order by duration) as duration_share
    from measured
),

-- Where a component is full: at a percentile of the people with a session, but not below the least cap (F61, F95).
capped as (
    select
        greatest(
            max(weights.least_frequency_cap),
            coalesce(
                min(case when placed.frequency_share >= weights.frequency_percentile then placed.frequency end), 0
            )
        ) as frequency_cap,
        greatest(
            max(weights.least_depth_cap),
            coalesce(min(case when placed.depth_share >= weights.depth_percentile then placed.depth end), 0)
        ) as depth_cap,
        greatest(
            max(weights.least_duration_cap),
            coalesce(min(case when placed.duration_share >= weights.duration_percentile then placed.duration end), 0)
        ) as duration_cap
    from weights
    -- Without any session the least caps apply.
    left join placed
        on true
),

-- No response scores 0; no data gives NULL.
joined as (
    select
        profiles.*,
        summed_by_voter.voter_number is not null as is_known,
        summed_by_voter.human_events as events,
        summed_by_voter.human_event_types as event_types,
        summed_by_voter.last_activity_date,
        {{ days_between('summed_by_voter.last_activity_date', 'clock.as_of_date') }} as days_since_last_activity,
        {{ days_between('summed_by_voter.first_event_date', 'clock.as_of_date') }} as days_since_first_event,
        summed_by_voter.recent_points,
        summed_by_voter.activity_points,
        summed_by_voter.interest_points
        + scales.interest_return_points * greatest(coalesce(sessions.interest_sessions, 0) - 1, 0) as interest_points,
        summed_by_voter.intent_points
        + scales.intent_return_points * greatest(coalesce(sessions.intent_sessions, 0) - 1, 0) as intent_points,
        coalesce(sessions.active_sessions, 0) as active_sessions,
        coalesce(sessions.sessions_recent, 0) as sessions_recent,
        coalesce(sessions.sessions_previous, 0) as sessions_previous,
        coalesce(measured.frequency, 0) as frequency,
        coalesce(measured.depth, 0) as depth,
        coalesce(measured.duration, 0) as duration,
        -- Full at the weight of all channels in use, or at a given weight if that is less.
        coalesce(strengths.strength, 0)
        / nullif(least(coalesce(weighed_channels.weight, 0), scales.multi_channel_full), 0) as multi_channel_share,
        coalesce(strengths.strong_channels, 0) as active_channels,
        top_contents.top_content_1,
        top_contents.top_content_2,
        top_contents.top_content_3,
        propensity.donor_propensity_score
    from profiles
    cross join clock
    cross join scales
    cross join weighed_channels
    inner join propensity
        on profiles.voter_number = propensity.voter_number
    left join summed_by_voter
        on profiles.voter_number = summed_by_voter.voter_number
    left join sessions
        on profiles.voter_number = sessions.voter_number
    left join measured
        on profiles.voter_number = measured.voter_number
    left join strengths
        on profiles.voter_number = strengths.voter_number
    left join top_contents
        on profiles.voter_number = top_contents.voter_number
),

-- Each component from 0 to 1: no raw count enters a score (F61).
scaled as (
    select
        joined.*,
        {{ decayed('joined.days_since_last_activity', 'weights.half_life_days') }} as decay,
        case
            when joined.is_known
                then coalesce({{ decayed('joined.days_since_last_activity', 'weights.half_life_days') }}, 0)
        end as recency,
        case when joined.is_known then {{ log_scaled('joined.frequency', 'capped.frequency_cap') }} end
            as frequency_index,
        case when joined.is_known then {{ log_scaled('joined.depth', 'capped.depth_cap') }} end as depth_index,
        case when joined.is_known then {{ log_scaled('joined.duration', 'capped.duration_cap') }} end
            as duration_index,
        weights.recency_weight,
        weights.frequency_weight,
        weights.depth_weight,
        weights.duration_weight,
        case
            when joined.is_known
                then round(
                    greatest(
                        0,
                        least(1, joined.recent_points / (scales.recent_window_days * scales.recent_points_per_day))
                    ), 4
                )
        end as recent_score,
        round(100 * ({{ saturated('joined.activity_points', 'scales.activity_scale') }}), 2) as activity_score,
        round(100 * ({{ saturated('joined.interest_points', 'scales.interest_scale') }}), 2) as interest_score,
        round(100 * ({{ saturated('joined.intent_points', 'scales.intent_scale') }}), 2) as intent_score,
        -- People known for less than both windows could not have come in all of the first.
        case
            when joined.days_since_first_event >= 2 * scales.rf_window_days - 1
                then joined.sessions_recent - joined.sessions_previous
        end as session_delta
    from joined
    cross join capped
    cross join weights
    cross join scales
),

weighted as (
    select
        *,
        round(
            100 * (
                recency_weight * recency
                + frequency_weight * frequency_index
                + depth_weight * depth_index
                + duration_weight * duration_index
            ), 2
        ) as engagement_score,
        -- Among the people who are scored: on the brief's own scale nearly everybody is at 0 (F95).
        case
            when is_known then round(percent_rank() over (partition by is_known order by recent_points), 4)
        end as recent_percentile,
        percent_rank() over (partition by is_known order by intent_score) as intent_percentile,
        percent_rank() over (partition by is_known order by donor_propensity_score) as propensity_percentile
    from scaled
),

-- The level follows the published, rounded score, so the two never disagree (F60).
graded as (
    select
        weighted.state,
        weighted.svid,
        weighted.person_id,
        weighted.is_known as is_scored,
        weighted.engagement_score,
        tiers.level as engagement_tier,
        weighted.recency as recency_component,
        weighted.frequency_index as frequency_component,
        weighted.depth_index as depth_component,
        weighted.duration_index as duration_component,
        100 * weighted.recency_weight * weighted.recency as weighted_recency,
        100 * weighted.frequency_weight * weighted.frequency_index as weighted_frequency,
        100 * weighted.depth_weight * weighted.depth_index as weighted_depth,
        100 * weighted.duration_weight * weighted.duration_index as weighted_duration,
        weighted.recent_score,
        levels.level as recent_level,
        weighted.recent_percentile,
        weighted.activity_score,
        weighted.interest_score,
        weighted.intent_score,
        -- Three signs of equal weight: no data says which is better, and a rank needs no weights (002-21).
        case
            when weighted.is_known
                then row_number() over (
                    partition by weighted.is_known
                    order by
                        round(
                            weighted.recent_percentile + weighted.intent_percentile + weighted.propensity_percentile, 6
                        ) desc,
                        weighted.engagement_score desc,
                        weighted.state asc,
                        weighted.svid asc
                )
        end as conversion_rank,
        case when weighted.is_known then round(100 * least(1, coalesce(weighted.multi_channel_share, 0)), 2) end
            as multi_channel_score,
        weighted.active_channels,
        round(weighted.decay, 4) as recency_index,
        weighted.active_sessions,
        weighted.sessions_recent,
        weighted.sessions_previous,
        weighted.session_delta,
        coalesce(weighted.events, 0) as human_events,
        coalesce(weighted.event_types, 0) as human_event_types,
        weighted.last_activity_date,
        weighted.top_content_1,
        weighted.top_content_2,
        weighted.top_content_3,
        weighted.voter_number,
        '{{ invocation_id }}' as build_id
    from weighted
    left join score_levels as tiers
        on
            tiers.score = 'engagement_score'
            and weighted.engagement_score >= tiers.min_score
            and (weighted.engagement_score < tiers.max_score or tiers.max_score is null)
    left join score_levels as levels
        on
            levels.score = 'recent_score'
            and weighted.recent_score >= levels.min_score
            and (weighted.recent_score < levels.max_score or levels.max_score is null)
)

select * from graded
