-- depends_on: {{ ref('placeholder_identifiers') }}
{% set carried = carried_files('list_link_phone_email_map', this) %}
{% set is_not_erased_since = is_not_erased(
    emails=['known.email_key'], phones=['known.phone_key'], refused='known.row_json'
) %}

with contact_map as {{ inlined() }} (
    select * from {{ ref('base_outreach__contact_map') }}
),

voter_phones as (
    select distinct phone_key from {{ ref('lnk_voter_phone') }}
),

input_files as (
    select * from {{ ref('stg_input_files') }}
),

erasures as (
    select * from {{ ref('stg_rights__erasures') }}
),

-- One pass over the files. Nearly all of the map is about strangers: what is kept are rows of the voter
-- file's phones, and the text of rows that are refused.
read_rows as (
    select
        source_file,
        source_row_number,
        '{{ invocation_id }}' as read_at_build,
        case when rejection_reason is null then phone_key end as phone_key,
        case when rejection_reason is null then email_key end as email_key,
        case when rejection_reason is null then first_cohort_at end as first_cohort_at,
        case when rejection_reason is null then last_cohort_at end as last_cohort_at,
        rejection_reason,
        case when rejection_reason is not null then {{ row_as_json('source_row') }} end as row_json
    from contact_map
    where
        (
            rejection_reason is not null
            or phone_key in (select voter_phones.phone_key from voter_phones)
        )
        and not {{ is_in_files('source_file', carried) }}
),

{% if carried %}

known as {{ inlined() }} (
    select * from {{ carried_relation(this) }}
),

carried_rows as (
    select
        source_file,
        source_row_number,
        read_at_build,
        phone_key,
        email_key,
        first_cohort_at,
        last_cohort_at,
        rejection_reason,
        row_json
    from known
    where
        kind = 'row'
        and {{ is_in_files('source_file', carried) }}
        and (
            rejection_reason is not null
            or phone_key in (select voter_phones.phone_key from voter_phones)
        )
        and {{ is_not_erased_since }}
),

-- A phone that is new to the voter file has a history in the old files.
new_phones as (
    select voter_phones.phone_key
    from voter_phones
    where
        not exists (
            select 1
            from known
            where
                known.kind = 'phone'
                and known.phone_key = voter_phones.phone_key
        )
),

-- Only what may be a new phone's is put into normal form.
history as {{ materialized() }} (
    select
        delivered_phone,
        delivered_email,
        first_cohort_at,
        last_cohort_at,
        source_file,
        source_row_number
    from contact_map
    where
        {{ is_in_files('source_file', carried) }}
        and uncastable_columns is null
        and {{ is_one_of([phone_lookup('delivered_phone')], 'new_phones', ['phone_key']) }}
),

well_formed as (
    select
        {{ well_formed_phone('delivered_phone') }} as well_formed_phone,
        {{ well_formed_email('delivered_email') }} as well_formed_email,
        first_cohort_at,
        last_cohort_at,
        source_file,
        source_row_number
    from history
),

keyed as (
    select
        {{ phone_key('well_formed_phone') }} as phone_key,
        {{ email_key('well_formed_email') }} as email_key,
        first_cohort_at,
        last_cohort_at,
        source_file,
        source_row_number
    from well_formed
),

-- A row without an address was refused, and is among the carried.
history_rows as (
    select
        source_file,
        source_row_number,
        '{{ invocation_id }}' as read_at_build,
        phone_key,
        email_key,
        first_cohort_at,
        last_cohort_at,
        cast(null as varchar) as rejection_reason,
        cast(null as varchar) as row_json
    from keyed
    where
        email_key is not null
        and phone_key in (select new_phones.phone_key from new_phones)
),

{% endif %}

kept_rows as (
    select * from read_rows
    {% if carried %}
    union all
    select * from carried_rows
    union all
    select * from history_rows
    {% endif %}
),

united as (
    select
        'row' as kind,
        source_file,
        source_row_number,
        read_at_build,
        phone_key,
        email_key,
        first_cohort_at,
        last_cohort_at,
        rejection_reason,
        row_json
    from kept_rows
    {{ union_all_by_name() }}
    select
        'phone' as kind,
        phone_key
    from voter_phones
    {{ union_all_by_name() }}
    select
        'erasure' as kind,
        erasure_hash as fingerprint
    from erasures
    {{ union_all_by_name() }}
    select
        'file' as kind,
        input_files.source_file,
        input_files.fingerprint,
        {% if carried %}
        coalesce(known.read_at_build, '{{ invocation_id }}') as read_at_build
        {% else %}
        '{{ invocation_id }}' as read_at_build
        {% endif %}
    from input_files
    {% if carried %}
    -- A file that was read by this build has no earlier one.
    left join known
        on
            known.kind = 'file'
            and input_files.source_file = known.source_file
            and {{ is_in_files('known.source_file', carried) }}
    {% endif %}
    where input_files.source_table = 'list_link_phone_email_map'
)

select * from united
