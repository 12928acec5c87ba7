with counted as (
    {% for source_name, source_table, _ in extract_tables() %}
    select
        '{{ source_table }}' as source_table,
        count(*) as rows_in
    from {{ source(source_name, source_table) }}
    {%- if source_name not in ('voterfile', 'outreach', 'giving') %}
    -- An optional extract without rows was not delivered.
    having count(*) > 0
    {%- endif %}
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select * from counted
