with files as (
    select * from {{ ref('stg_input_files') }}
),

map_rows as (
    select * from {{ ref('lnk_map_row') }}
),

event_rows as (
    select * from {{ ref('fct_email_rows') }}
),

carried as (
    select
        'list_link_phone_email_map' as source_table,
        source_file,
        read_at_build
    from map_rows
    where kind = 'file'
    union all
    select
        'email_clickers' as source_table,
        source_file,
        read_at_build
    from event_rows
    where kind = 'file'
),

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
        coalesce(carried.read_at_build, '{{ invocation_id }}') as read_at_build,
        '{{ invocation_id }}' as build_id
    from files
    -- Every build reads all files of the other extracts.
    left join carried
        on
            files.source_table = carried.source_table
            and files.source_file = carried.source_file
)

select * from described
