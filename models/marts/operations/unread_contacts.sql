with persons as (
    select * from {{ ref('stg_voterfile__persons') }}
),

stacked as (
    select
        'email' as source_column,
        'email_' || email_refused_as as reason
    from persons
    union all
    select
        'cell_phone' as source_column,
        'phone_' || cell_phone_refused_as as reason
    from persons
    union all
    select
        'home_phone' as source_column,
        'phone_' || home_phone_refused_as as reason
    from persons
),

counted_by_reason as (
    select
        source_column,
        reason,
        count(*) as records_unread
    from stacked
    where reason is not null
    group by source_column, reason
),

counted as (
    select count(*) as records from persons
),

shared as (
    select
        'person' as source_table,
        counted_by_reason.source_column,
        counted_by_reason.reason,
        counted_by_reason.records_unread,
        counted.records,
        {{ share('counted_by_reason.records_unread', 'counted.records') }} as unread_share,
        '{{ invocation_id }}' as build_id
    from counted_by_reason
    cross join counted
)

select * from shared
