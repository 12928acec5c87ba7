-- depends_on: {{ ref('placeholder_identifiers') }}
{% set carried = carried_map_files(this) %}
{% set has_new_phones = has_new_keys(ref('lnk_voter_phone'), 'phone_key') if carried %}
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

wanted_keys as (
    select phone_key as lookup_key from voter_phones
    union all
    select '' as lookup_key
),

{% if has_new_phones %}

-- Phones that have joined the voter file since: the last build did not keep their rows.
new_phones as (
    {{ new_keys(ref('lnk_voter_phone'), 'phone_key') }}
),

{% endif %}

-- Rows are linked before they are judged (docs/definitions.md, "Events and gifts"): rows that may have a phone of the
-- voter file, and rows that are refused whatever their phone. Normalize after filtering: normalizing is slow.
picked as {{ materialized() }} (
    select *
    from contact_map
    where
        {{ is_one_of(['lookup_key'], 'wanted_keys', ['lookup_key']) }}
        and not {{ is_in_files('source_file', carried) }}
    {% if has_new_phones %}
    union all
    select *
    from contact_map
    where
        {{ is_one_of(['lookup_key'], 'new_phones', ['phone_key']) }}
        and {{ is_in_files('source_file', carried) }}
    {% endif %}
),

well_formed as (
    select
        *,
        {{ well_formed_phone('delivered_phone') }} as well_formed_phone,
        {{ well_formed_email('delivered_email') }} as well_formed_email
    from picked
),

keyed as (
    select
        *,
        {{ phone_key('well_formed_phone') }} as phone_key,
        {{ email_key('well_formed_email') }} as email_key
    from well_formed
),

judged as (
    select
        source_file,
        source_row_number,
        '{{ invocation_id }}' as read_at_build,
        case when rejection_reason is null then phone_key end as phone_key,
        email_key,
        first_cohort_at,
        last_cohort_at,
        case
            when rejection_reason is not null then rejection_reason
            when uncastable_columns is not null then 'uncastable_value'
            when email_key is null then 'email_' || {{ missing_email_reason('email_key', 'delivered_email') }}
        end as rejection_reason,
        source_row
    from keyed
    where
        case when rejection_reason is null then phone_key else '' end
        in (select wanted_keys.lookup_key from wanted_keys)
),

retained as (
    {{ without_erased('judged', emails=['email_key'], phones=['phone_key']) }}
),

{% if carried %}

known_rows as {{ inlined() }} (
    select *
    from {{ carried_relation(this) }}
    where
        {{ is_in_files('source_file', carried) }}
        and (phone_key is null or phone_key in (select voter_phones.phone_key from voter_phones))
),

carried_rows as (
    {{ known_rows_retained }}
),

{% endif %}

united as {{ materialized() }} (
    select
        *,
        cast(null as varchar) as row_json,
        cast(0 as bigint) as omitted_rows
    from retained
    {% if carried %}
    {{ union_all_by_name() }}
    select * from carried_rows
    {% endif %}
),

-- The first refused rows of a file and reason keep their text.
ranked as (
    {{ ranked_refused_rows('united', 'rejection_reason') }}
),

kept as (
    select
        united.source_file,
        united.source_row_number,
        united.read_at_build,
        united.phone_key,
        case when united.rejection_reason is null then united.email_key end as email_key,
        case when united.rejection_reason is null then united.first_cohort_at end as first_cohort_at,
        case when united.rejection_reason is null then united.last_cohort_at end as last_cohort_at,
        united.rejection_reason,
        case
            when united.rejection_reason is not null and united.row_json is null
                then {{ row_as_json('united.source_row') }}
            else united.row_json
        end as row_json,
        coalesce(ranked.omitted_rows, 0) as omitted_rows
    from united
    -- Only refused rows have a rank.
    left join ranked
        on
            united.source_file = ranked.source_file
            and united.source_row_number = ranked.source_row_number
    where
        united.rejection_reason is null
        or ranked.row_of_reason <= {{ rule_value('quarantine_limits', 'kept_rows') }}
)

select * from kept
