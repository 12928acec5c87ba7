with clock as (
    select * from {{ ref('agg_clock') }}
),

row_accounting as (
    select * from {{ ref('row_accounting') }}
),

profiles as (
    select * from {{ ref('enriched_profiles') }}
),

counted_rows as (
    select cast(sum(rows_in) as bigint) as rows_in from row_accounting
),

counted_voters as (
    select count(*) as voters from profiles
),

stamped as (
    select
        '{{ invocation_id }}' as build_id,
        cast('{{ run_started_at.strftime("%Y-%m-%d %H:%M:%S") }}' as timestamp) as built_at,
        clock.as_of_date,
        {{ code_digest() }} as code_digest,
        '{{ dbt_version }}' as dbt_version,
        counted_rows.rows_in,
        counted_voters.voters
    from clock
    cross join counted_rows
    cross join counted_voters
)

select * from stamped
