with accepted as (
    select
        domain,
        record_type,
        record_name,
        record_value,
        collected_at
    from {{ ref('base_deliverability__dns_records') }}
    where rejection_reason is null
),

deduplicated as (
    select
        domain,
        record_type,
        record_name,
        record_value,
        collected_at,
        count(*) as delivered_rows
    from accepted
    group by domain, record_type, record_name, record_value, collected_at
)

select * from deduplicated
