{% set carried_map = carried_files('list_link_phone_email_map', ref('lnk_map_row')) %}
{% set carried_events = carried_files(
    'email_clickers', ref('fct_email_rows'), clock=ref('stg_clock'), retention=ref('stg_retention')
) %}
{% set last_files = carried_relation(this) %}

with files as (
    select * from {{ ref('stg_input_files') }}
),

{% if last_files %}

-- Files of the two large extracts that this build did not read.
carried as (
    select
        source_table,
        source_file,
        read_at_build
    from {{ last_files }}
    where
        (source_table = 'list_link_phone_email_map' and {{ is_in_files('source_file', carried_map) }})
        or (source_table = 'email_clickers' and {{ is_in_files('source_file', carried_events) }})
),

{% endif %}

described as (
    select
        files.source_table,
        files.source_file,
        files.size_bytes,
        files.modified_at,
        files.sha256,
        files.rows_in,
        files.column_types,
        files.earliest_date,
        files.latest_date,
        {% if last_files %}
        coalesce(carried.read_at_build, '{{ invocation_id }}') as read_at_build,
        {% else %}
        '{{ invocation_id }}' as read_at_build,
        {% endif %}
        '{{ invocation_id }}' as build_id
    from files
    {% if last_files %}
    -- Every other file was read by this build.
    left join carried
        on
            files.source_table = carried.source_table
            and files.source_file = carried.source_file
    {% endif %}
)

select * from described
