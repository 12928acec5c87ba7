-- A type that another type is recorded as exists itself, with the same kind and points. Each channel has a weight.
-- Outcomes show no intent (F81), opt-outs raise no score (F96), and our own events earn no points.
select types.event_type
from {{ ref('event_types') }} as types
left join {{ ref('event_types') }} as recorded
    on
        types.recorded_as = recorded.event_type
        and recorded.event_type = recorded.recorded_as
left join {{ ref('channel_weights') }} as channel_weights
    on types.channel = channel_weights.channel
where
    recorded.event_type is null
    or channel_weights.weight is null
    or types.channel <> recorded.channel
    or types.role <> recorded.role
    or types.is_human <> recorded.is_human
    or types.engagement_points <> recorded.engagement_points
    or types.recent_weight <> recorded.recent_weight
    or (types.role = 'outcome' and types.intent_points <> 0)
    or (
        types.role = 'opt_out'
        and greatest(types.engagement_points, types.interest_points, types.intent_points, types.recent_weight) > 0
    )
    or (
        not types.is_human
        and greatest(
            abs(types.engagement_points), abs(types.interest_points), abs(types.intent_points),
            abs(types.recent_weight)
        ) > 0
    )
    or (types.is_answer and not types.is_human)
