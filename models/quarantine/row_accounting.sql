{% set limited = [] %}
{% for _, source_table, view in delivered_tables() if source_table in extracts_with_limit() %}
    {%- do limited.append((source_table, view)) -%}
{% endfor %}

with delivered_rows as (
    select * from {{ ref('stg_delivered_rows') }}
),

rejected_rows as (
    select * from {{ ref('rejected_rows') }}
),

erased_rows as (
    select * from {{ ref('stg_rights__erased_rows') }}
),

persons as (
    select * from {{ ref('stg_voterfile__persons') }}
),

person_custom_fields as (
    select * from {{ ref('base_voterfile__person_custom_fields') }}
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

voter_lists as (
    select * from {{ ref('lnk_voter_list') }}
),

counted_by_reason as (
    {{ counted_refused_rows('rejected_rows') }}
),

counted_rejected as (
    select
        source_table,
        cast(sum(rows_rejected) as bigint) as rows_rejected
    from counted_by_reason
    group by source_table
),

counted_erased as (
    select
        source_table,
        cast(sum(rows_erased) as bigint) as rows_erased
    from erased_rows
    group by source_table
),

-- Rows that are older than the seed `retention` allows, refused ones too: only extracts with a limit are counted.
counted_expired as (
    {% for source_table, view in limited %}
    select
        '{{ source_table }}' as source_table,
        count(*) as rows_expired
    from {{ ref(view) }}
    where {{ is_expired(source_table) }}
    {{ 'union all' if not loop.last }}
    {% else %}
    select
        source_table,
        cast(0 as bigint) as rows_expired
    from delivered_rows
    where false
    {% endfor %}
),

voter_fields as (
    select
        person_id,
        custom_field_id,
        field_value,
        count(*) as delivered_rows
    from person_custom_fields
    where
        rejection_reason is null
        and person_id in (select voter_persons.person_id from voter_persons)
    group by person_id, custom_field_id, field_value
),

-- For each thing that is kept, the rows that delivered it: rows that a used link leads to a voter from, and all
-- accepted rows of an extract that needs no link.
linked as (
    select
        'person' as source_table,
        delivered_rows as rows_linked,
        1 as rows_kept
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
        delivered_rows as rows_linked,
        1 as rows_kept
    from voter_fields
    union all
    select
        'list_link_phone_email_map' as source_table,
        delivered_rows as rows_linked,
        distinct_rows as rows_kept
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
        delivered_rows as rows_linked,
        1 as rows_kept
    from email_events
    union all
    select
        'donations' as source_table,
        linked_rows as rows_linked,
        1 as rows_kept
    from donations
    where link_method is not null
    union all
    select
        'segment_lists' as source_table,
        delivered_rows as rows_linked,
        1 as rows_kept
    from voter_lists
    union all
    -- An event that another row or extract also delivers is not a second event.
    select
        source_table,
        delivered_rows as rows_linked,
        case when delivered_rows > 0 and not is_repeated then 1 else 0 end as rows_kept
    from channel_events
    {% for source_table, view in {
        'custom_field': 'stg_voterfile__custom_fields',
        'campaigns': 'stg_outreach__campaigns',
        'suppressions': 'stg_rights__suppressions',
        'dns_records': 'stg_deliverability__dns_records',
        'erasure_requests': 'stg_rights__erasure_requests',
        'consents': 'stg_rights__consents',
        'handovers': 'stg_action__handovers',
    }.items() %}
    union all
    select
        '{{ source_table }}' as source_table,
        delivered_rows as rows_linked,
        -- One request may hold several identifiers: its row counts with the first.
        case when delivered_rows > 0 then 1 else 0 end as rows_kept
    from {{ ref(view) }}
    {% endfor %}
),

counted_linked as (
    select
        source_table,
        cast(sum(rows_linked) as bigint) as rows_linked,
        cast(sum(rows_kept) as bigint) as rows_kept
    from linked
    group by source_table
),

-- A row that is not rejected, expired or linked is valid, and concerns nobody in the voter file.
balanced as (
    select
        delivered_rows.source_table,
        delivered_rows.rows_in,
        coalesce(counted_linked.rows_kept, 0) as rows_kept,
        delivered_rows.rows_in
        - coalesce(counted_rejected.rows_rejected, 0)
        - coalesce(counted_linked.rows_linked, 0)
        - coalesce(counted_expired.rows_expired, 0) as rows_unlinked,
        coalesce(counted_rejected.rows_rejected, 0) as rows_rejected,
        coalesce(counted_linked.rows_linked - counted_linked.rows_kept, 0) as rows_duplicate,
        coalesce(counted_expired.rows_expired, 0) as rows_expired,
        coalesce(counted_erased.rows_erased, 0) as rows_erased,
        '{{ invocation_id }}' as build_id
    from delivered_rows
    -- All rows of a table may concern people outside the voter file.
    left join counted_linked
        on delivered_rows.source_table = counted_linked.source_table
    -- A table may have no rejected row.
    left join counted_rejected
        on delivered_rows.source_table = counted_rejected.source_table
    -- Few extracts have a limit.
    left join counted_expired
        on delivered_rows.source_table = counted_expired.source_table
    -- Few tables have an erased row.
    left join counted_erased
        on delivered_rows.source_table = counted_erased.source_table
)

select * from balanced
