-- Only a build that carries rows over normalizes addresses here.
-- depends_on: {{ ref('placeholder_identifiers') }}, {{ ref('sentinel_numbers') }}

{% set carried = carried_event_files(this) %}
{% set has_new_addresses = has_new_keys(ref('lnk_voter_address'), 'email_key') if carried %}

{#- Reasons to keep a row that is not refused, whichever build has read it. -#}
{% set has_a_use -%}
    (
            email_key in (select voter_addresses.email_key from voter_addresses)
            or clicks > 0
        )
{%- endset %}

{#- Why a row is refused today: a row in the future becomes an ordinary row when its day comes; its text then goes. -#}
{% set refused_today -%}
    case
            when rejection_reason is not null then rejection_reason
            when {{ is_future('event_at') }} then 'date_future'
        end
{%- endset %}

with email_events as {{ inlined() }} (
    select * from {{ ref('base_outreach__email_events') }}
),

voter_addresses as (
    select distinct email_key from {{ ref('lnk_voter_address') }}
),

-- Over the files that the last build did not read. It keeps 3 rows in 100: rows of the voter file's addresses;
-- everybody's clicks, for attribution; rejected rows and rows in the future, for quarantine. Trim after filtering:
-- trimming is slow.
picked as (
    select
        source_file,
        source_row_number,
        '{{ invocation_id }}' as read_at_build,
        email_key,
        {{ text_id('delivered_campaign_id') }} as campaign_id,
        {{ group_name('delivered_client') }} as client_shortname,
        event_at,
        sends,
        opens,
        clicks,
        bounces,
        complaints,
        unsubs,
        is_bot,
        {{ text_id('delivered_event_id') }} as event_id,
        link,
        rejection_reason,
        {{ refused_today }} as refused_today,
        case when {{ refused_today }} is not null then source_row end as refused_row
    from email_events
    where
        (
            {{ has_a_use }}
            or rejection_reason is not null
            or {{ is_future('event_at') }}
        )
        and not {{ is_expired('email_clickers') }}
        and not {{ is_in_files('source_file', carried) }}
),

-- The text of a row in the future may name an erased person in any column.
read_rows as {{ materialized() }} (
    {{ without_erased('picked', refused=refused_text('refused_today', 'refused_row')) }}
),

{% if carried %}

known_rows as {{ inlined() }} (
    select
        *,
        case when row_json is not null then {{ refused_today }} end as refused_today
    from {{ carried_relation(this) }}
    where
        {{ is_in_files('source_file', carried) }}
        and not {{ is_expired('email_clickers') }}
),

known as {{ inlined() }} (
    {{ without_erased(
        'known_rows', emails=['email_key'], refused='case when refused_today is not null then row_json end'
    ) }}
),

{% endif %}

own_rows as {{ inlined() }} (
    select
        *,
        cast(null as varchar) as row_json,
        cast(0 as bigint) as omitted_rows
    from read_rows
    {% if carried %}
    {{ union_all_by_name() }}
    select * from known
    {% endif %}
),

refused as {{ materialized() }} (
    select *
    from own_rows
    where refused_today is not null
),

-- The first refused rows of a file and reason keep their text.
ranked as (
    {{ ranked_refused_rows('refused', 'refused_today') }}
),

limited as (
    select
        refused.*,
        ranked.row_of_reason <= {{ rule_value('quarantine_limits', 'kept_rows') }} as has_text,
        ranked.omitted_rows as rows_left_out
    from refused
    inner join ranked
        on
            refused.source_file = ranked.source_file
            and refused.source_row_number = ranked.source_row_number
),

{% if has_new_addresses %}

-- Addresses that have joined the voter file since: the last build did not keep their rows.
new_addresses as (
    {{ new_keys(ref('lnk_voter_address'), 'email_key') }}
),

-- Search the unchanged files for them, one column at a time, and fetch the rows by their places. Normalize after
-- filtering: normalizing is slow.
searched as (
    select
        source_file,
        source_row_number
    from email_events
    where
        {{ is_in_files('source_file', carried) }}
        and {{ is_one_of([email_lookup('delivered_email')], 'new_addresses', ['email_key']) }}
),

found as {{ materialized() }} (
    select
        source_file,
        source_row_number,
        '{{ invocation_id }}' as read_at_build,
        delivered_email,
        {{ well_formed_email('delivered_email') }} as well_formed_email,
        delivered_campaign_id,
        delivered_client,
        event_at,
        sends,
        opens,
        clicks,
        bounces,
        complaints,
        unsubs,
        is_bot,
        delivered_event_id,
        link,
        uncastable_columns,
        is_deleted_at_source
    from email_events
    where
        {{ is_in_files('source_file', carried) }}
        and {{ is_one_of(['source_file', 'source_row_number'], 'searched', ['source_file', 'source_row_number']) }}
),

keyed as (
    select
        *,
        {{ email_key('well_formed_email') }} as email_key,
        {{ text_id('delivered_campaign_id') }} as campaign_id,
        {{ group_name('delivered_client') }} as client_shortname,
        {{ text_id('delivered_event_id') }} as event_id
    from found
),

-- Rejected rows are known already, but for those whose text was left out.
found_rows as (
    select *
    from keyed
    where
        email_key in (select voter_addresses.email_key from voter_addresses)
        and {{ email_rejection_reason() }} is null
        and not {{ is_expired('email_clickers', refused='false') }}
        and not exists (
            select 1
            from own_rows
            where
                own_rows.source_file = keyed.source_file
                and own_rows.source_row_number = keyed.source_row_number
        )
),

{% endif %}

-- A carried row may have lost its use. A row in the future whose text is left out has one when its day comes.
united as (
    select *
    from own_rows
    where
        refused_today is null
        and {{ has_a_use }}
    {{ union_all_by_name() }}
    select *
    from limited
    where
        has_text
        or (
            rejection_reason is null
            and {{ has_a_use }}
        )
    {% if has_new_addresses %}
    {{ union_all_by_name() }}
    select * from found_rows
    {% endif %}
),

kept as (
    select
        source_file,
        source_row_number,
        read_at_build,
        email_key,
        campaign_id,
        client_shortname,
        event_at,
        sends,
        opens,
        clicks,
        bounces,
        complaints,
        unsubs,
        is_bot,
        event_id,
        link,
        rejection_reason,
        case
            when has_text and row_json is null then {{ row_as_json('refused_row') }}
            when has_text then row_json
        end as row_json,
        case when has_text then rows_left_out else cast(0 as bigint) end as omitted_rows
    from united
)

select * from kept
