with dns_records as (
    select * from {{ ref('stg_deliverability__dns_records') }}
),

collected as (
    select
        *,
        cast(collected_at as date) as found_on,
        max(cast(collected_at as date)) over (partition by domain) as collected_on
    from dns_records
),

-- A record that the last collection of its domain did not find is gone.
current_records as (
    select distinct
        domain,
        collected_on,
        record_type,
        record_name,
        record_value
    from collected
    where found_on = collected_on
),

-- Several domains may lead to one name, and be collected on different days.
compared as (
    select
        *,
        collected_on = max(collected_on) over (partition by record_name) as is_latest_of_name
    from current_records
)

select * from compared
