-- Every delivered row is kept, unlinked, rejected, expired or a duplicate, and only one of these. Unlinked is the
-- remainder: a row counted twice would make it negative.
with row_accounting as (
    select * from {{ ref('row_accounting') }}
),

delivered_rows as (
    select * from {{ ref('stg_delivered_rows') }}
),

rejected_by_reason as (
    {{ counted_refused_rows(ref('rejected_rows')) }}
),

rejected as (
    select
        source_table,
        cast(sum(rows_rejected) as bigint) as rows_rejected
    from rejected_by_reason
    group by source_table
)

select
    delivered_rows.source_table,
    delivered_rows.rows_in as rows_delivered,
    row_accounting.rows_in,
    row_accounting.rows_kept,
    row_accounting.rows_unlinked,
    row_accounting.rows_rejected,
    row_accounting.rows_duplicate,
    row_accounting.rows_expired,
    row_accounting.rows_erased
from delivered_rows
-- A table that is missing here is an error.
left join row_accounting
    on delivered_rows.source_table = row_accounting.source_table
left join rejected
    on delivered_rows.source_table = rejected.source_table
where
    row_accounting.rows_in is distinct from delivered_rows.rows_in
    or row_accounting.rows_rejected is distinct from coalesce(rejected.rows_rejected, 0)
    or row_accounting.rows_in
    <> row_accounting.rows_kept
    + row_accounting.rows_unlinked
    + row_accounting.rows_rejected
    + row_accounting.rows_duplicate
    + row_accounting.rows_expired
    or least(
        row_accounting.rows_kept,
        row_accounting.rows_unlinked,
        row_accounting.rows_rejected,
        row_accounting.rows_expired,
        row_accounting.rows_duplicate
    ) < 0
    or row_accounting.rows_erased not between 0 and row_accounting.rows_unlinked
    -- Fields and campaigns belong to no person, and requests to the person they name.
    or (
        row_accounting.rows_unlinked <> row_accounting.rows_erased
        and row_accounting.source_table in (
            'custom_field', 'campaigns', 'suppressions', 'dns_records', 'erasure_requests', 'handovers', 'consents'
        )
    )
