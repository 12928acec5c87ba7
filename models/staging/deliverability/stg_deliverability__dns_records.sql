with dns_records as (
    select * from {{ ref('base_deliverability__dns_records') }}
),

deduplicated as (
    select
        domain,
        record_type,
        record_name,
        record_value,
        collected_at,
        count(*) as delivered_rows
    from dns_records
    where rejection_reason is null
    group by domain, record_type, record_name, record_value, collected_at
)

select * from deduplicated
