-- dbt accepts an enforced contract on a table function but does not check it; this test does. It returns columns
-- of the answer that the YAML does not have in the same place with the same type, and the reverse.
{% set functions = [
    'segment_profile',
    'segment_summary',
    'segment_deviation',
    'segment_affinity',
    'segment_propensity',
    'segment_health',
    'segment_lookalike',
    'segment_lookalike_check',
    'segment_attribution',
    'segment_contacts',
    'segment_scores',
    'segment_lifecycle',
    'segment_timing',
    'segment_channels',
    'segment_hidden',
    'segment_forms',
    'segment_personalization',
] %}

with compared as (
    {% for function_name in functions %}
    select
        '{{ function_name }}' as function_name,
        answered.column_name as answered_column,
        answered.data_type as answered_type,
        documented.column_name as documented_column,
        documented.data_type as documented_type
    from {{ answered_columns(function_name) }} as answered
    full outer join {{ documented_columns(function_name) }} as documented
        on answered.position = documented.position
    {% if not loop.last %}
    union all
    {% endif %}
    {% endfor %}
)

select *
from compared
where
    answered_column is distinct from documented_column
    or answered_type is distinct from documented_type
