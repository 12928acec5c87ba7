{#-
    Every seed has a key, values where they must be, and only values that the SQL knows. One test for
    all seeds: a row of its result names the seed and the rule that a row of the seed breaks.

    `key`: columns that are unique together and never NULL; the default is `rule`.
    `not_null`: further columns without NULL.
    `holds`: conditions of each row; a condition that is NULL passes.
    What several rows keep together stands at the end.
    tests/python/test_conventions.py checks that every seed is listed.
-#}
{%- set rules = {
    'rules': {
        'key': 'subject, rule',
        'not_null': ['value', 'unit'],
        'holds': [
            "subject in ('affinity_prior_rules', 'affinity_recommendation_rules', 'audit_limits', 'dashboard_rules', "
            ~ "'disclosure_limits', 'evaluation_shares', 'experiment_rules', 'hygiene_thresholds', 'journey_rules', "
            ~ "'lifecycle_rules', 'lookalike_weights', 'score_rules', 'score_scales', 'segment_rules', "
            ~ "'personalization_rules', 'session_rules', 'success_targets', 'trigger_rules')",
            "subject <> 'personalization_rules' or (value > 0 and unit = 'days')",
            "subject <> 'trigger_rules' or (value >= 0 and (unit <> 'share' or value < 1))",
            "subject <> 'affinity_prior_rules' "
            ~ "or (value between 2 and 1000 and unit in ('sends', 'deviations', 'percent'))",
            "subject <> 'evaluation_shares' or (value > 0 and value <= 1 and unit = 'share')",
            "subject <> 'dashboard_rules' or (value > 0 and unit in ('days', 'share'))",
            "subject <> 'experiment_rules' or (value > 0 and unit in ('units', 'share', 'deviations'))",
            "subject <> 'score_rules' or (value > 0 and unit in ('days', 'people', 'area', 'gifts'))",
            "subject <> 'affinity_recommendation_rules' or unit in ('sends', 'ratio')",
            "subject <> 'audit_limits' or unit in ('percentage points', 'ratio', 'share')",
            "subject <> 'hygiene_thresholds' "
            ~ "or unit in ('days', 'bounces', 'sends', 'lookups', 'percent', 'characters')",
            "subject <> 'journey_rules' or (value >= 1 and unit in ('pairs', 'months'))",
            "subject <> 'lifecycle_rules' or unit in ('days', 'dollars', 'people', 'percent', 'share')",
            "subject <> 'success_targets' or (value > 0 and unit in ('share', 'ratio', 'seconds'))",
            "rule <> 'churn_flag_share' or value in (select shares.value from " ~ ref('rules')
            ~ " as shares where shares.subject = 'evaluation_shares')",
            "subject <> 'session_rules' or value between 1 and 1439",
            "subject not in ('journey_rules', 'session_rules') or value = floor(value)",
        ],
    },
    'consent_rules': {
        'key': 'channel',
        'not_null': ['rationale'],
        'holds': [
            "channel in ('email', 'sms', 'phone')", "basis in ('opt_out', 'opt_in', 'opt_in_where_recorded')",
        ],
    },
    'contact_caps': {
        'key': 'channel, days',
        'not_null': ['at_most', 'rationale'],
        'holds': ["channel in ('email', 'sms', 'phone', 'any')", 'at_most >= 0', 'days >= 1'],
    },
    'retention': {
        'key': 'kind',
        'not_null': ['rationale'],
        'holds': [
            "kind in ('" ~ limited_extracts().keys() | join("', '") ~ "')", 'days >= 1',
        ],
    },
    'quiet_hours': {
        'key': 'state, channel',
        'not_null': ['quiet_from', 'quiet_to', 'is_local', 'rationale'],
        'holds': [
            "channel in ('email', 'sms', 'phone')", 'quiet_from between 0 and 23', 'quiet_to between 0 and 23',
            'quiet_from <> quiet_to',
        ],
    },
    'message_templates': {
        'key': 'template',
        'not_null': ['channel', 'asks_for_gift', 'rationale'],
        'holds': ["channel in ('email', 'sms', 'phone', 'slot')"],
    },
    'esp_formats': {
        'key': 'esp, channel, sort_order',
        'not_null': ['column_name', 'from_field', 'rationale'],
        'holds': [
            "channel in ('email', 'sms', 'phone', 'any')", "rule in ('plain', 'upper', 'lower', 'e164')",
            "from_field in ('message_key', 'trigger', 'experiment', 'arm', 'template', 'slots', 'state', 'svid', "
            ~ "'email', 'phone', 'send_from_utc', 'send_until_utc', 'expires_at')",
        ],
    },
    'placeholder_identifiers': {'key': 'identifier'},
    'voter_id_fields': {'key': 'field_name'},
    'linkage_rules': {'holds': ["unit in ('voters', 'addresses')"]},
    'machine_rules': {
        'key': 'sort_order',
        'not_null': ['rule', 'rationale'],
        'holds': [
            "rule in ('sender_flag', 'fast_click', 'burst_clicks', 'burst_campaigns', 'burst_links', 'proxy_open')",
            "rule = 'sender_flag' or within_seconds >= 0",
            "rule in ('sender_flag', 'fast_click') or more_than >= 1",
            'sort_order = (select min(same.sort_order) from ' ~ ref('machine_rules') ~ ' as same where same.rule = '
            ~ ref('machine_rules').identifier ~ '.rule)',
        ],
    },
    'affinity_weights': {'key': 'metric', 'not_null': ['weight']},
    'propensity_weights': {'key': 'component', 'not_null': ['weight']},
    'health_thresholds': {'key': 'metric'},
    'attribution_models': {'key': 'model'},
    'age_bands': {'key': 'age_band'},
    'timing_rules': {'not_null': ['value', 'unit'], 'holds': ['value >= 0']},
    'parts_of_day': {'key': 'part_of_day', 'not_null': ['first_hour', 'last_hour']},
    'election_calendar': {'key': 'election_on, state, kind', 'holds': ["kind in ('general', 'primary')"]},
    'birthday_windows': {
        'key': 'birthday_window',
        'not_null': ['first_day', 'end_day'],
        'holds': ["birthday_window in ('approaching', 'reminder', 'today', 'follow_up')"],
    },
    'permitted_use': {
        'key': 'subject_kind, subject, use',
        'not_null': ['is_permitted'],
        'holds': ["subject_kind in ('donation_source', 'state')", "use in ('contact', 'solicit')"],
    },
    'rejection_reasons': {'key': 'reason'},
    'input_limits': {
        'key': 'check_name, source_table',
        'not_null': ['limit_value', 'least_rows', 'action'],
        'holds': ["action in ('stop', 'warn')"],
    },
    'sentinel_numbers': {
        'key': 'source_table, column_name, value',
        'holds': ["value >= 2 or source_table <> 'email_clickers'"],
    },
    'event_types': {
        'key': 'event_type',
        'not_null': ['channel', 'category', 'is_human', 'role', 'is_answer', 'recorded_as'],
        'holds': [
            "role in ('exposure', 'response', 'activity', 'outcome', 'opt_out', 'failure')",
            "(role = 'opt_out') = (event_type in (" ~ opt_out_types() ~ '))',
        ],
    },
    'time_zones': {'key': 'state', 'not_null': ['time_zone']},
    'county_time_zones': {
        'key': 'state, county',
        'not_null': ['time_zone'],
        'holds': ['state in (select time_zones.state from ' ~ ref('time_zones') ~ ' as time_zones)'],
    },
    'funnel_steps': {
        'key': 'funnel, step_number, event_type',
        'not_null': ['step', 'within_days', 'is_implied'],
        'holds': [
            'step_number between 1 and 6',
            'within_days >= 0',
            'event_type in (select event_types.recorded_as from ' ~ ref('event_types') ~ ' as event_types)',
        ],
    },
    'behavior_pattern_rules': {'not_null': ['sort_order', 'behavior_pattern', 'min_events', 'min_subjects']},
    'behavior_pattern_events': {
        'key': 'event_type',
        'not_null': ['signal', 'noun', 'plural'],
        'holds': [
            "signal in ('decision', 'interest', 'content', 'opt_out')",
            'event_type in (select event_types.event_type from ' ~ ref('event_types') ~ ' as event_types)',
        ],
    },
    'event_words': {
        'key': 'word, event_type',
        'not_null': ['noun', 'plural'],
        'holds': [
            'event_type in (select event_types.event_type from ' ~ ref('event_types') ~ ' as event_types)',
        ],
    },
    'segment_fields': {
        'key': 'field',
        'not_null': ['mart', 'column_name', 'is_sensitive', 'noun'],
        'holds': [
            "type in ('number', 'text', 'boolean', 'date')",
            "accepted_values is null or type = 'text'",
        ],
    },
    'segment_advice': {
        'key': 'sort_order',
        'not_null': ['advice', 'threshold', 'words'],
        'holds': [
            "measure in ('people', 'share_of_file', 'engagement_rate', 'average_engagement_score')",
            "direction in ('below', 'above')",
        ],
    },
    'segment_words': {'key': 'dimension, value', 'not_null': ['sort_order']},
    'engagement_weights': {'key': 'component', 'not_null': ['weight'], 'holds': ['weight between 0 and 1']},
    'score_levels': {'key': 'score, level', 'not_null': ['sort_order', 'min_score']},
    'channel_weights': {'key': 'channel', 'not_null': ['weight', 'half_rate_multiple', 'half_activities']},
    'address_classes': {'key': 'address_class', 'not_null': ['is_mailed', 'is_mailed_when_engaged']},
    'disposable_domains': {'key': 'domain', 'holds': ["domain_class in ('disposable', 'reserved')"]},
    'mailbox_domains': {
        'key': 'domain',
        'not_null': ['mailbox_provider'],
        'holds': ["domain_class in ('public', 'relay')"],
    },
    'role_names': {'key': 'role_name'},
    'sensitive_fields': {
        'key': 'field_pattern',
        'not_null': ['category', 'purpose', 'legal_basis'],
        'holds': ["category in ('political_opinion', 'medical', 'disability', 'dietary', 'religion', 'ethnicity', "
            ~ "'sexual_orientation', 'sex', 'biometric', 'precise_location', 'minor', 'age', 'union_membership', "
            ~ "'immigration', 'government_id', 'financial', 'criminal_record')"],
    },
    'evaluated_scores': {'key': 'score, population, outcome', 'not_null': ['outcome', 'is_probability']},
    'audited_scores': {'key': 'score', 'not_null': ['selects_at', 'outcome']},
    'allowed_properties': {
        'key': 'source_table, json_column, path, target',
        'not_null': ['sort_order'],
        'holds': ["json_column in ('page', 'properties')", "target in ('topic', 'duration_seconds', 'depth')"],
    },
    'insight_rules': {
        'not_null': ['sort_order', 'threshold', 'mart', 'sentence'],
        'holds': ["direction in ('above', 'below')"],
    },
} -%}

with levels as (
    select
        score,
        level,
        min_score,
        max_score,
        lag(max_score) over (partition by score order by min_score) as previous_max,
        row_number() over (partition by score order by min_score) as place,
        row_number() over (partition by score order by min_score desc) as place_from_above
    from {{ ref('score_levels') }}
)

{% for seed, rule in rules.items() %}
{% set key = rule.get('key', 'rule') %}
{% set conditions = rule.get('holds', []) | list %}
{% for column in key.split(', ') + rule.get('not_null', []) %}
{% do conditions.append(column ~ ' is not null') %}
{% endfor %}
{{ 'union all' if not loop.first }}
select
    '{{ seed }}' as seed,
    'unique: {{ key }}' as broken_rule
from {{ ref(seed) }}
group by {{ key }}
having count(*) > 1
{% for condition in conditions %}
union all
select
    '{{ seed }}' as seed,
    {{ text_literal(condition) }} as broken_rule
from {{ ref(seed) }}
where not ({{ condition }})
{% endfor %}
{% endfor %}

union all
-- The levels of a score cover it from 0 up, without a gap or an overlap (F60).
select
    'score_levels' as seed,
    'levels leave no gap' as broken_rule
from levels
where
    (place = 1 and min_score <> 0)
    or (place > 1 and (previous_max is null or previous_max <> min_score))
    or (place_from_above = 1) <> (max_score is null)

union all
-- The engagement score covers 0 to 100 only if the weights of its components sum to 1 (F61). The component that decays
-- has a half-life; the others have a cap.
select
    'engagement_weights' as seed,
    'weights sum to 1, and each component has its numbers' as broken_rule
from {{ ref('engagement_weights') }}
having
    round(sum(weight), 9) <> 1
    or count(case when component = 'recency' and half_life_days > 0 then 1 end) <> 1
    or count(
        case
            when
                component in ('frequency', 'depth', 'duration')
                and least_cap > 0
                and cap_percentile > 0
                and cap_percentile <= 1
                then 1
        end
    ) <> 3
    or count(*) <> 4

union all
-- A type that another type is recorded as exists itself, with the same kind and points. Each channel has a weight.
-- Outcomes show no intent (F81), opt-outs raise no score (F96), and our own events earn no points.
select
    'event_types' as seed,
    'types are weighed' as broken_rule
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
