-- Empty until the end of the run, which fills it in (macros/build_record.sql).
with recorded as (
    select
        cast(null as varchar) as layer,
        cast(null as varchar) as table_name,
        cast(null as varchar) as kind,
        cast(null as bigint) as row_count,
        cast(null as double) as build_seconds,
        '{{ invocation_id }}' as build_id
    where false
)

select * from recorded
