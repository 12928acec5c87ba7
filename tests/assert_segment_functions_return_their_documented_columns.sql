-- dbt accepts an enforced contract on a table function and checks nothing; this is the check. Columns of
-- the answer that the YAML does not have in this place with this type, and the other way round.
{% set functions = [
    ('segment_profile', ref('segment_profile')),
    ('segment_summary', ref('segment_summary')),
    ('segment_deviation', ref('segment_deviation')),
    ('segment_affinity', ref('segment_affinity')),
    ('segment_propensity', ref('segment_propensity')),
    ('segment_health', ref('segment_health')),
    ('segment_lookalike', ref('segment_lookalike')),
    ('segment_attribution', ref('segment_attribution')),
] %}

with answered as (
    {% for function_name, relation in functions %}
    select
        '{{ function_name }}' as function_name,
        row_number() over () as position,
        column_name,
        lower(column_type) as data_type
    from (describe select * from {{ relation }}(cast([] as varchar[])))
    {% if not loop.last %}
    union all
    {% endif %}
    {% endfor %}
),

documented as (
    {% for function_name, relation in functions %}
    {% for node in graph.nodes.values() if node.resource_type == 'model' and node.name == function_name %}
    {% for column in node.columns.values() %}
    select
        '{{ function_name }}' as function_name,
        {{ loop.index }} as position,
        '{{ column.name }}' as column_name,
        '{{ column.data_type | lower | replace(" ", "") }}' as data_type
    union all
    {% endfor %}
    {% endfor %}
    {% endfor %}
    select
        '' as function_name,
        0 as position,
        '' as column_name,
        '' as data_type
    where false
)

select
    coalesce(answered.function_name, documented.function_name) as function_name,
    answered.column_name as answered_column,
    answered.data_type as answered_type,
    documented.column_name as documented_column,
    documented.data_type as documented_type
from answered
full outer join documented
    on
        answered.function_name = documented.function_name
        and answered.position = documented.position
where
    answered.column_name is distinct from documented.column_name
    or answered.data_type is distinct from documented.data_type
