-- The accounting covers as many rows as the files' own metadata say.
with row_accounting as (
    select * from {{ ref('row_accounting') }}
),

counted as (
    select
        source_table,
        cast(sum(rows_in) as bigint) as rows_in
    from {{ ref('input_files') }}
    group by source_table
)

select
    row_accounting.source_table,
    row_accounting.rows_in,
    counted.rows_in as rows_in_files
from row_accounting
full outer join counted
    on row_accounting.source_table = counted.source_table
where
    counted.rows_in is distinct from row_accounting.rows_in
    -- A table without files has no rows.
    and coalesce(counted.rows_in, row_accounting.rows_in, 0) <> 0
