with delivered_rows as (
    select * from {{ ref('stg_delivered_rows') }}
),

rejected_rows as (
    select * from {{ ref('rejected_rows') }}
),

persons as (
    select * from {{ ref('stg_voterfile__persons') }}
),

person_custom_fields as (
    select * from {{ ref('stg_voterfile__person_custom_fields') }}
),

custom_fields as (
    select * from {{ ref('stg_voterfile__custom_fields') }}
),

campaigns as (
    select * from {{ ref('stg_outreach__campaigns') }}
),

voter_persons as (
    select * from {{ ref('lnk_voter_person') }}
),

phone_emails as (
    select * from {{ ref('lnk_phone_email') }}
),

voter_emails as (
    select * from {{ ref('lnk_voter_email') }}
),

email_events as (
    select * from {{ ref('fct_email_events') }}
),

donations as (
    select * from {{ ref('fct_donations') }}
),

channel_events as (
    select * from {{ ref('fct_channel_events') }}
),

suppressions as (
    select * from {{ ref('stg_rights__suppressions') }}
),

dns_records as (
    select * from {{ ref('stg_deliverability__dns_records') }}
),

erasure_requests as (
    select * from {{ ref('stg_rights__erasure_requests') }}
),

erased_rows as (
    select * from {{ ref('stg_rights__erased_rows') }}
),

counted_rejected as (
    select
        source_table,
        count(*) as rows_rejected
    from rejected_rows
    group by source_table
),

counted_erased as (
    select
        source_table,
        cast(sum(rows_erased) as bigint) as rows_erased
    from erased_rows
    group by source_table
),

voter_fields as (
    select
        person_id,
        custom_field_id,
        field_value,
        count(*) as delivered_rows
    from person_custom_fields
    where person_id in (select voter_persons.person_id from voter_persons)
    group by person_id, custom_field_id, field_value
),

-- Rows that concern somebody in the voter file: how many were delivered, and how many differ.
linked as (
    select
        'person' as source_table,
        cast(coalesce(sum(delivered_rows), 0) as bigint) as rows_linked,
        count(*) as rows_kept
    from persons
    where
        exists (
            select 1
            from voter_persons
            where
                voter_persons.person_id = persons.person_id
                and voter_persons.state = persons.state
        )
    union all
    select
        'person_custom_field' as source_table,
        cast(coalesce(sum(delivered_rows), 0) as bigint) as rows_linked,
        count(*) as rows_kept
    from voter_fields
    union all
    select
        'custom_field' as source_table,
        cast(coalesce(sum(delivered_rows), 0) as bigint) as rows_linked,
        count(*) as rows_kept
    from custom_fields
    union all
    select
        'list_link_phone_email_map' as source_table,
        cast(coalesce(sum(delivered_rows), 0) as bigint) as rows_linked,
        cast(coalesce(sum(distinct_rows), 0) as bigint) as rows_kept
    from phone_emails
    where
        exists (
            select 1
            from voter_emails
            where
                voter_emails.is_used
                and voter_emails.phone_key = phone_emails.phone_key
                and voter_emails.email_key = phone_emails.email_key
        )
    union all
    select
        'email_clickers' as source_table,
        cast(coalesce(sum(delivered_rows), 0) as bigint) as rows_linked,
        count(*) as rows_kept
    from email_events
    union all
    select
        'campaigns' as source_table,
        cast(coalesce(sum(delivered_rows), 0) as bigint) as rows_linked,
        count(*) as rows_kept
    from campaigns
    union all
    select
        'donations' as source_table,
        cast(coalesce(sum(linked_rows), 0) as bigint) as rows_linked,
        count(*) as rows_kept
    from donations
    where link_method is not null
    union all
    select
        'suppressions' as source_table,
        cast(coalesce(sum(delivered_rows), 0) as bigint) as rows_linked,
        count(*) as rows_kept
    from suppressions
    union all
    select
        'dns_records' as source_table,
        cast(coalesce(sum(delivered_rows), 0) as bigint) as rows_linked,
        count(*) as rows_kept
    from dns_records
    union all
    select
        'erasure_requests' as source_table,
        cast(coalesce(sum(delivered_rows), 0) as bigint) as rows_linked,
        count(*) as rows_kept
    from erasure_requests
    union all
    -- What another row or extract tells, too, is no event of its own.
    select
        source_table,
        cast(sum(delivered_rows) as bigint) as rows_linked,
        count(case when delivered_rows > 0 and not is_repeated then 1 end) as rows_kept
    from channel_events
    group by source_table
),

-- What is neither rejected nor linked is valid, but of nobody in the voter file.
balanced as (
    select
        delivered_rows.source_table,
        delivered_rows.rows_in,
        coalesce(linked.rows_kept, 0) as rows_kept,
        delivered_rows.rows_in
        - coalesce(counted_rejected.rows_rejected, 0)
        - coalesce(linked.rows_linked, 0) as rows_unlinked,
        coalesce(counted_rejected.rows_rejected, 0) as rows_rejected,
        coalesce(linked.rows_linked - linked.rows_kept, 0) as rows_duplicate,
        coalesce(counted_erased.rows_erased, 0) as rows_erased,
        '{{ invocation_id }}' as build_id
    from delivered_rows
    -- A channel may be known of strangers only.
    left join linked
        on delivered_rows.source_table = linked.source_table
    -- A table may have no rejected row.
    left join counted_rejected
        on delivered_rows.source_table = counted_rejected.source_table
    -- Few tables have an erased one.
    left join counted_erased
        on delivered_rows.source_table = counted_erased.source_table
)

select * from balanced
