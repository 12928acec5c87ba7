with checks as (
    select
        check_name,
        source_table,
        source_file,
        found_value,
        limit_value,
        action,
        is_accepted,
        message
    from {{ source('intake', 'checks') }}
)

select * from checks
