-- depends_on: {{ ref('placeholder_identifiers') }}
{% set carried = carried_files('list_link_phone_email_map', this) %}
{#- Set here, not where it is used: dbt must see its refs in a build that carries nothing, too. -#}
{% set known_rows_retained = without_erased(
    'known_rows', emails=['email_key'], phones=['phone_key'], refused='row_json'
) %}

with contact_map as {{ inlined() }} (
    select * from {{ ref('base_outreach__contact_map') }}
),

voter_phones as (
    select distinct phone_key from {{ ref('lnk_voter_phone') }}
),

-- First pass, over the files that the last build did not read. Nearly all rows of the map are about strangers: only
-- rows of the voter file's phones are kept, and rejected rows with their text.
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

known_rows as {{ inlined() }} (
    select *
    from {{ carried_relation(this) }}
    where
        {{ is_in_files('source_file', carried) }}
        and (
            rejection_reason is not null
            or phone_key in (select voter_phones.phone_key from voter_phones)
        )
),

carried_rows as (
    {{ known_rows_retained }}
),

-- Phones that have joined the voter file since: the last build did not keep their rows.
new_phones as (
    select voter_phones.phone_key
    from voter_phones
    where
        not exists (
            select 1
            from ({{ carried_keys(ref('lnk_voter_phone'), 'phone_key') }}) as looked_up
            where looked_up.phone_key = voter_phones.phone_key
        )
),

-- Second pass, over the unchanged files: rows that may have such a phone. Normalize after filtering: normalizing is
-- slow.
found as {{ materialized() }} (
    select
        source_file,
        source_row_number,
        {{ well_formed_phone('delivered_phone') }} as well_formed_phone,
        {{ well_formed_email('delivered_email') }} as well_formed_email,
        first_cohort_at,
        last_cohort_at
    from contact_map
    where
        {{ is_in_files('source_file', carried) }}
        and uncastable_columns is null
        and {{ is_one_of([phone_lookup('delivered_phone')], 'new_phones', ['phone_key']) }}
),

keyed as (
    select
        *,
        {{ phone_key('well_formed_phone') }} as phone_key,
        {{ email_key('well_formed_email') }} as email_key
    from found
),

-- A row without an address was rejected, so the last build has kept it.
history_rows as (
    select
        source_file,
        source_row_number,
        '{{ invocation_id }}' as read_at_build,
        phone_key,
        email_key,
        first_cohort_at,
        last_cohort_at
    from keyed
    where
        email_key is not null
        and phone_key in (select new_phones.phone_key from new_phones)
),

{% endif %}

united as (
    select * from read_rows
    {% if carried %}
    {{ union_all_by_name() }}
    select * from carried_rows
    {{ union_all_by_name() }}
    select * from history_rows
    {% endif %}
)

select * from united
