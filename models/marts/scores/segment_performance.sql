with scores as (
    select * from {{ ref('engagement_scores') }}
),

channels as (
    select * from {{ ref('channel_engagement') }}
),

behavior as (
    select * from {{ ref('agg_behavior_by_voter_channel') }}
),

profiles as (
    select * from {{ ref('enriched_profiles') }}
),

lifecycle as (
    select * from {{ ref('voter_lifecycle') }}
),

segment_members as (
    select * from {{ ref('segment_members') }}
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

described as (
    select
        scores.voter_number,
        scores.engagement_score,
        scores.engagement_tier,
        scores.recent_level,
        preferred.channel,
        coalesce(events_by_voter.events, 0) as events,
        coalesce(
            lifecycle.days_since_last_event <= {{ rule_value('segment_rules', 'engaged_days') }}, false
        ) as is_engaged,
        coalesce(lifecycle.days_since_last_gift <= {{ rule_value('segment_rules', 'giving_days') }}, false) as is_giver,
        profiles.has_opted_out,
        profiles.donation_amount
    from scores
    inner join profiles
        on scores.voter_number = profiles.voter_number
    inner join lifecycle
        on scores.voter_number = lifecycle.voter_number
    -- Not everybody responded to a channel, or did anything.
    left join preferred
        on scores.voter_number = preferred.voter_number
    left join events_by_voter
        on scores.voter_number = events_by_voter.voter_number
),

-- Every voter has one value in each dimension of the scores, so the counts add up to the file (F98).
stacked as (
    select
        described.*,
        dimensions.dimension,
        case dimensions.dimension
            when 'engagement_tier' then coalesce(described.engagement_tier, 'not_scored')
            when 'preferred_channel' then coalesce(described.channel, 'none')
            when 'recent_level' then coalesce(described.recent_level, 'not_scored')
        end as value
    from described
    cross join (values ('engagement_tier'), ('preferred_channel'), ('recent_level')) as dimensions (dimension)
    union all
    select
        described.*,
        'segment' as dimension,
        segment_members.segment as value
    from described
    inner join segment_members
        on described.voter_number = segment_members.voter_number
),

summed as (
    select
        dimension,
        value,
        count(*) as user_count,
        round({{ exact_mean('engagement_score', 4) }}, 2) as average_engagement_score,
        cast(sum(events) as bigint) as total_human_events,
        count(case when is_engaged then 1 end) as engaged_people,
        count(case when is_giver then 1 end) as givers,
        cast(sum(donation_amount) as decimal(18, 2)) as total_donation_amount,
        count(case when has_opted_out then 1 end) as opted_out_people
    from stacked
    group by dimension, value
),

counted_file as (
    select
        count(*) as voters,
        count(case when is_engaged then 1 end) as engaged_voters
    from described
),

proportions as (
    select
        summed.*,
        {{ proportion('summed.engaged_people', 'summed.user_count') }} as engaged_share,
        {{ sample_size('summed.user_count') }} as group_size,
        {{ proportion('counted_file.engaged_voters', 'counted_file.voters') }} as file_share,
        {{ sample_size('counted_file.voters') }} as file_size
    from summed
    cross join counted_file
),

bounded as (
    select
        *,
        {{ wilson_bound('engaged_share', 'group_size', '-') }} as engaged_low,
        {{ wilson_bound('engaged_share', 'group_size', '+') }} as engaged_high,
        {{ wilson_bound('file_share', 'file_size', '-') }} as file_low,
        {{ wilson_bound('file_share', 'file_size', '+') }} as file_high
    from proportions
),

rated as (
    select
        dimension,
        value,
        user_count,
        average_engagement_score,
        total_human_events,
        round({{ share('total_human_events', 'user_count') }}, 4) as events_per_user,
        engaged_people,
        round(100 * engaged_share, 2) as engagement_rate,
        round(100 * engaged_low, 2) as engagement_rate_low,
        round(100 * engaged_high, 2) as engagement_rate_high,
        round(100 * file_share, 2) as file_engagement_rate,
        round(100 * (engaged_share - file_share), 2) as engagement_difference,
        round(
            100 * ({{ newcombe_bound('engaged_share', 'engaged_low', 'file_share', 'file_high', '-') }}), 2
        ) as engagement_difference_low,
        round(
            100 * ({{ newcombe_bound('engaged_share', 'engaged_high', 'file_share', 'file_low', '+') }}), 2
        ) as engagement_difference_high,
        givers,
        total_donation_amount,
        opted_out_people,
        user_count < {{ rule_value('disclosure_limits', 'small_group') }} as is_small_group,
        '{{ invocation_id }}' as build_id
    from bounded
)

select * from rated
