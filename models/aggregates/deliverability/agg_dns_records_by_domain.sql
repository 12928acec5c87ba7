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

-- Every collection of a domain looks up these, and knows if a record is gone.
looked_up as (
    select distinct
        domain as record_name,
        collected_on
    from current_records
    union all
    select distinct
        '_dmarc.' || domain as record_name,
        collected_on
    from current_records
),

-- Several domains may lead to one name, and be collected on different days.
compared as (
    select
        current_records.*,
        current_records.collected_on = greatest(
            max(current_records.collected_on) over (partition by current_records.record_name),
            coalesce(looked_up.collected_on, current_records.collected_on)
        ) as is_latest_of_name
    from current_records
    left join looked_up
        on current_records.record_name = looked_up.record_name
)

select * from compared
