-- A column of these answers that is named like a count, a rate or a score of clicks or opens is hidden with them: a new
-- one must be added to the macro columns_of_figures.
with listed as (
    select distinct
        function_name,
        column_name
    from ({{ columns_of_figures() }}) as figures
),

documented as (
    {% for function_name in ['segment_affinity', 'segment_health'] %}
    select
        '{{ function_name }}' as function_name,
        column_name
    from {{ documented_columns(function_name) }}
    {% if not loop.last %}
    union all
    {% endif %}
    {% endfor %}
)

select documented.*
from documented
left join listed
    on
        documented.function_name = listed.function_name
        and documented.column_name = listed.column_name
where
    listed.column_name is null
    and (
        documented.column_name in ('clicks', 'opens')
        or documented.column_name like '%answers'
        or documented.column_name like 'machine_%'
        or (documented.column_name like 'unique_%' and documented.column_name <> 'unique_contacts')
        or documented.column_name like 'click_%'
        or documented.column_name like 'open_%'
        or documented.column_name like 'affinity_%'
    )
