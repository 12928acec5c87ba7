with profiles as (
    select * from {{ ref('enriched_profiles') }}
),

behavior as (
    select * from {{ ref('agg_behavior_by_voter_channel') }}
),

sessions as (
    select * from {{ ref('agg_active_sessions_by_voter') }}
),

contents as (
    select * from {{ ref('agg_interactions_by_voter_content') }}
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

-- Points have three places; their sum has no more, or people with the same points would not be equal.
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

-- What somebody acts on: the topic, or else whose mail it is (003-20); never what they hold to be right (F69).
contents_by_voter as (
    select
        voter_number,
        coalesce(topic, client_shortname) as content,
        sum(interactions) as interactions
    from contents
    where
        coalesce(topic, client_shortname) is not null
        and not is_opinion
    group by voter_number, coalesce(topic, client_shortname)
),

ranked_contents as (
    select
        voter_number,
        content,
        row_number() over (partition by voter_number order by interactions desc, content asc) as place
    from contents_by_voter
),

top_contents as (
    select
        voter_number,
        max(case when place = 1 then content end) as top_content_1,
        max(case when place = 2 then content end) as top_content_2,
        max(case when place = 3 then content end) as top_content_3
    from ranked_contents
    where place <= 3
    group by voter_number
),

used_channels as (
    select distinct channel from channels
),

-- Channels that nobody uses are no part of the range.
weighed_channels as (
    select sum(channel_weights.weight) as weight
    from channel_weights
    inner join used_channels
        on channel_weights.channel = used_channels.channel
),

strengths as (
    select
        channels.voter_number,
        -- Rounded: sums of fractions differ in their last digits with the order in which they are added.
        round(sum(channel_weights.weight * channels.channel_strength), 6) as strength,
        count(case when channels.channel_strength > 0 then 1 end) as active_channels
    from channels
    inner join channel_weights
        on channels.channel = channel_weights.channel
    group by channels.voter_number
),

-- A value each, for people whose sessions lie within the window.
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
        frequency,
        depth,
        duration,
        cume_dist() over (order by frequency) as frequency_share,
        cume_dist() over (order by depth) as depth_share,
        cume_dist() over (order by duration) as duration_share
    from measured
),

-- Where a component is full: at a percentile of the people who do anything, but not at next to nothing (F61, F95).
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
    from {{ engagement_weights() }} as weights
    -- With nobody there the least caps are there all the same.
    left join placed
        on true
),

-- Silence after a message is known, and is 0; of whom nothing is known at all, nothing is told.
joined as (
    select
        profiles.state,
        profiles.svid,
        profiles.person_id,
        profiles.voter_number,
        summed_by_voter.voter_number is not null as is_scored,
        coalesce(summed_by_voter.human_events, 0) as human_events,
        coalesce(summed_by_voter.human_event_types, 0) as human_event_types,
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
        -- Few channels in the file are full by themselves; of many, some are enough.
        coalesce(strengths.strength, 0)
        / nullif(least(coalesce(weighed_channels.weight, 0), scales.multi_channel_full), 0) as multi_channel_share,
        coalesce(strengths.active_channels, 0) as active_channels,
        top_contents.top_content_1,
        top_contents.top_content_2,
        top_contents.top_content_3,
        propensity.donor_propensity_score
    from profiles
    cross join clock
    cross join {{ score_scales() }} as scales
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

-- Each component 0 to 1: no count enters as it is (F61).
scaled as (
    select
        joined.state,
        joined.svid,
        joined.person_id,
        joined.voter_number,
        joined.is_scored,
        joined.human_events,
        joined.human_event_types,
        joined.last_activity_date,
        joined.active_sessions,
        joined.sessions_recent,
        joined.sessions_previous,
        joined.active_channels,
        joined.top_content_1,
        joined.top_content_2,
        joined.top_content_3,
        joined.donor_propensity_score,
        joined.recent_points,
        round({{ decayed('joined.days_since_last_activity', 'weights.half_life_days') }}, 4) as recency_index,
        case
            when joined.is_scored
                then coalesce({{ decayed('joined.days_since_last_activity', 'weights.half_life_days') }}, 0)
        end as recency_component,
        case when joined.is_scored then {{ log_scaled('joined.frequency', 'capped.frequency_cap') }} end
            as frequency_component,
        case when joined.is_scored then {{ log_scaled('joined.depth', 'capped.depth_cap') }} end as depth_component,
        case when joined.is_scored then {{ log_scaled('joined.duration', 'capped.duration_cap') }} end
            as duration_component,
        weights.recency_weight,
        weights.frequency_weight,
        weights.depth_weight,
        weights.duration_weight,
        case
            when joined.is_scored
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
        -- Whom we have known for less than both windows had no chance to come in the first of them.
        case
            when joined.days_since_first_event >= 2 * scales.rf_window_days - 1
                then joined.sessions_recent - joined.sessions_previous
        end as session_delta,
        case when joined.is_scored then round(100 * least(1, coalesce(joined.multi_channel_share, 0)), 2) end
            as multi_channel_score
    from joined
    cross join capped
    cross join {{ engagement_weights() }} as weights
    cross join {{ score_scales() }} as scales
),

weighed as (
    select
        state,
        svid,
        person_id,
        voter_number,
        is_scored,
        human_events,
        human_event_types,
        last_activity_date,
        active_sessions,
        sessions_recent,
        sessions_previous,
        session_delta,
        active_channels,
        top_content_1,
        top_content_2,
        top_content_3,
        donor_propensity_score,
        recent_points,
        recency_index,
        recency_component,
        frequency_component,
        depth_component,
        duration_component,
        100 * recency_weight * recency_component as weighted_recency,
        100 * frequency_weight * frequency_component as weighted_frequency,
        100 * depth_weight * depth_component as weighted_depth,
        100 * duration_weight * duration_component as weighted_duration,
        round(
            100 * (
                recency_weight * recency_component
                + frequency_weight * frequency_component
                + depth_weight * depth_component
                + duration_weight * duration_component
            ), 2
        ) as engagement_score,
        recent_score,
        -- Against the others who are scored: the brief's scale hardly leaves 0 (F95).
        case
            when is_scored then round(percent_rank() over (partition by is_scored order by recent_points), 4)
        end as recent_percentile,
        percent_rank() over (partition by is_scored order by intent_score) as intent_percentile,
        percent_rank() over (partition by is_scored order by donor_propensity_score) as propensity_percentile,
        activity_score,
        interest_score,
        intent_score,
        multi_channel_score
    from scaled
),

-- Three signs of equal weight: nothing in the data tells better ones, and a rank needs none (002-21).
ranked as (
    select
        voter_number,
        row_number() over (
            order by
                round(recent_percentile + intent_percentile + propensity_percentile, 6) desc,
                engagement_score desc,
                state asc,
                svid asc
        ) as conversion_rank
    from weighed
    where is_scored
),

-- The published score decides the level, so that the two never disagree (F60).
graded as (
    select
        weighed.state,
        weighed.svid,
        weighed.person_id,
        weighed.is_scored,
        weighed.engagement_score,
        tiers.level as engagement_tier,
        weighed.recency_component,
        weighed.frequency_component,
        weighed.depth_component,
        weighed.duration_component,
        weighed.weighted_recency,
        weighed.weighted_frequency,
        weighed.weighted_depth,
        weighed.weighted_duration,
        weighed.recent_score,
        levels.level as recent_level,
        weighed.recent_percentile,
        weighed.activity_score,
        weighed.interest_score,
        weighed.intent_score,
        ranked.conversion_rank,
        weighed.multi_channel_score,
        weighed.active_channels,
        weighed.recency_index,
        weighed.active_sessions,
        weighed.sessions_recent,
        weighed.sessions_previous,
        weighed.session_delta,
        weighed.human_events,
        weighed.human_event_types,
        weighed.last_activity_date,
        weighed.top_content_1,
        weighed.top_content_2,
        weighed.top_content_3,
        weighed.voter_number,
        '{{ invocation_id }}' as build_id
    from weighed
    left join ranked
        on weighed.voter_number = ranked.voter_number
    left join score_levels as tiers
        on
            tiers.score = 'engagement_score'
            and weighed.engagement_score >= tiers.min_score
            and (weighed.engagement_score < tiers.max_score or tiers.max_score is null)
    left join score_levels as levels
        on
            levels.score = 'recent_score'
            and weighed.recent_score >= levels.min_score
            and (weighed.recent_score < levels.max_score or levels.max_score is null)
)

select * from graded
