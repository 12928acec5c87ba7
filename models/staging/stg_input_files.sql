with files as (
    select
        source_table,
        source_file,
        size_bytes,
        modified_at,
        rows_in,
        sha256,
        fingerprint
    from {{ source('intake', 'files') }}
)

select * from files
