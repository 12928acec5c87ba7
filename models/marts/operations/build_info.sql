with clock as (
    select * from {{ ref('key_clock') }}
),

input_files as (
    select * from {{ ref('input_files') }}
),

row_accounting as (
    select * from {{ ref('row_accounting') }}
),

profiles as (
    select * from {{ ref('enriched_profiles') }}
),

digested_inputs as (
    select {{ digest_of_rows(['source_table', 'source_file', 'sha256']) }} as input_digest
    from input_files
),

counted_rows as (
    select cast(sum(rows_in) as bigint) as rows_in from row_accounting
),

counted_voters as (
    select count(*) as voters from profiles
),

counted as (
    select
        '{{ invocation_id }}' as build_id,
        cast('{{ run_started_at.strftime("%Y-%m-%d %H:%M:%S") }}' as timestamp) as built_at,
        -- Filled in at the end of the run (macros/build_record.sql).
        cast(null as timestamp) as finished_at,
        cast(null as double) as duration_seconds,
        clock.as_of_date,
        {{ code_version() }} as code_version,
        {{ code_digest() }} as code_digest,
        '{{ dbt_version }}' as dbt_version,
        digested_inputs.input_digest,
        counted_rows.rows_in,
        counted_voters.voters
    from clock
    cross join digested_inputs
    cross join counted_rows
    cross join counted_voters
)

select * from counted
