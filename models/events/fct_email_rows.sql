-- Only a build that carries rows over normalizes addresses here.
-- depends_on: {{ ref('placeholder_identifiers') }}

{% set carried = carried_files('email_clickers', this, clock=ref('stg_clock'), retention=ref('stg_retention')) %}

{#- Reasons to keep a row, whichever build has read it. -#}
{% set has_a_use -%}
    email_key in (select voter_addresses.email_key from voter_addresses)
            or rejection_reason is not null
            or clicks > 0
            or {{ is_future('event_at') }}
{%- endset %}

{#- The text of a carried row is needed while the row is rejected or in the future. -#}
{% set needs_text = 'rejection_reason is not null or ' ~ is_future('event_at') %}

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
        *,
        '{{ invocation_id }}' as read_at_build,
        {{ text_id('delivered_campaign_id') }} as campaign_id,
        {{ group_name('delivered_client') }} as client_shortname,
        {{ text_id('delivered_event_id') }} as event_id,
        case when {{ needs_text }} then {{ row_as_json('source_row') }} end as row_json
    from email_events
    where
        (
            {{ has_a_use }}
        )
        and not {{ is_expired('email_clickers') }}
        and not {{ is_in_files('source_file', carried) }}
),

-- The text of a row in the future may name an erased person in any column.
read_rows as {{ materialized() }} (
    {{ without_erased('picked', refused='row_json') }}
),

{% if carried %}

known_rows as {{ inlined() }} (
    select *
    from {{ carried_relation(this) }}
    where {{ is_in_files('source_file', carried) }}
),

known as {{ inlined() }} (
    {{ without_erased('known_rows', emails=['email_key'], refused='case when ' ~ needs_text ~ ' then row_json end') }}
),

{% endif %}

own_rows as {{ inlined() }} (
    select * from read_rows
    {% if carried %}
    {{ union_all_by_name() }}
    select * from known
    {% endif %}
),

-- A carried row may have lost its use, or be too old by now.
used_rows as (
    select *
    from own_rows
    where
        (
            {{ has_a_use }}
        )
        and not {{ is_expired('email_clickers') }}
),

{% if carried %}

-- Addresses that have joined the voter file since: the last build did not keep their rows.
new_addresses as (
    select voter_addresses.email_key
    from voter_addresses
    where
        not exists (
            select 1
            from ({{ carried_keys(ref('lnk_voter_address'), 'email_key') }}) as looked_up
            where looked_up.email_key = voter_addresses.email_key
        )
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
        link
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

-- None of these rows is rejected: rejected rows are kept already.
found_rows as (
    select *
    from keyed
    where
        email_key in (select voter_addresses.email_key from voter_addresses)
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

united as (
    select * from used_rows
    {% if carried %}
    {{ union_all_by_name() }}
    select * from found_rows
    {% endif %}
),

-- A row in the future becomes an ordinary row when its day comes; its text then goes.
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
        case when {{ needs_text }} then row_json end as row_json
    from united
)

select * from kept
