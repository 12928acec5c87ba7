with files as (
    select
        source_table,
        source_file,
        size_bytes,
        modified_at,
        rows_in,
        sha256,
        column_types,
        earliest_date,
        latest_date,
        fingerprint
    from {{ source('intake', 'files') }}
)

select * from files
