with checks as (
    select * from {{ ref('stg_input_checks') }}
),

row_accounting as (
    select * from {{ ref('row_accounting') }}
),

rejected_rows as (
    select * from {{ ref('rejected_rows') }}
),

other_content as (
    select * from {{ ref('agg_other_content_by_source_table') }}
),

counted_by_file as (
    {{ counted_refused_rows('rejected_rows') }}
),

counted_by_reason as (
    select
        source_table,
        reason,
        cast(sum(rows_rejected) as bigint) as rows_rejected
    from counted_by_file
    where reason <> 'deleted_at_source'
    group by source_table, reason
),

counted_deleted as (
    select
        source_table,
        cast(sum(rows_rejected) as bigint) as rows_deleted
    from counted_by_file
    where reason = 'deleted_at_source'
    group by source_table
),

-- A row that was deleted where it comes from says nothing about the delivery.
refused_rows as (
    select
        row_accounting.source_table,
        row_accounting.rows_in,
        row_accounting.rows_rejected - coalesce(counted_deleted.rows_deleted, 0) as rows_refused
    from row_accounting
    -- Most tables have no deleted rows.
    left join counted_deleted
        on row_accounting.source_table = counted_deleted.source_table
),

-- The most frequent reason says where to look.
ranked as (
    select
        *,
        row_number() over (partition by source_table order by rows_rejected desc, reason asc) as reason_rank
    from counted_by_reason
),

rejected_shares as (
    select
        refused_rows.source_table,
        coalesce({{ share('refused_rows.rows_refused', 'refused_rows.rows_in') }}, 0) as rejected_share,
        'table ' || refused_rows.source_table || ': '
        || cast(refused_rows.rows_refused as varchar) || ' of ' || cast(refused_rows.rows_in as varchar)
        || ' rows are rejected'
        || coalesce(', ' || cast(ranked.rows_rejected as varchar) || ' of them for ' || ranked.reason, '')
        || ': ' || cast(round(
            100 * coalesce({{ share('refused_rows.rows_refused', 'refused_rows.rows_in') }}, 0), 1
        ) as varchar) || ' %' as message
    from refused_rows
    -- Not every table has rejected rows.
    left join ranked
        on
            refused_rows.source_table = ranked.source_table
            and ranked.reason_rank = 1
),

measured as (
    select
        checks.check_name,
        checks.source_table,
        checks.source_file,
        case
            when checks.check_name = 'ids_with_other_content' then coalesce(other_content.ids_with_other_content, 0)
            else coalesce(rejected_shares.rejected_share, checks.found_value)
        end as found_value,
        checks.limit_value,
        checks.action,
        checks.is_accepted,
        coalesce(
            rejected_shares.message || ', expected at most '
            || cast(round(100 * checks.limit_value, 1) as varchar) || ' %',
            case
                when checks.check_name = 'ids_with_other_content'
                    then
                        'table ' || checks.source_table || ': '
                        || cast(coalesce(other_content.ids_with_other_content, 0) as varchar)
                        || ' ids whose rows say different things (see docs/definitions.md, "Events and gifts")'
            end,
            checks.message
        ) as message
    from checks
    -- All other checks ran before the rows were read.
    left join rejected_shares
        on
            checks.check_name = 'rejected_share'
            and checks.source_table = rejected_shares.source_table
    -- Few extracts have such ids.
    left join other_content
        on
            checks.check_name = 'ids_with_other_content'
            and checks.source_table = other_content.source_table
),

graded as (
    select
        check_name || '/' || source_table || coalesce('/' || source_file, '') as input_check_id,
        check_name,
        source_table,
        source_file,
        found_value,
        limit_value,
        {{ input_check_status() }} as status,
        message,
        '{{ invocation_id }}' as build_id
    from measured
)

select * from graded
