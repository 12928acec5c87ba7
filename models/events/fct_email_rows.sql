{% set carried = carried_files('email_clickers', this, clock=ref('stg_clock')) %}

{#- What a row is kept for, whether this build has read it or an earlier one; its id may be another reason. -#}
{% set has_a_use -%}
    email_key in (select voter_addresses.email_key from voter_addresses)
            or rejection_reason is not null
            or clicks > 0
            or {{ is_future('event_at') }}
{%- endset %}

{#- What was in the future may have happened since; then its text is of no more use. -#}
{% set known_json = "case when known.rejection_reason is not null or " ~ is_future('known.event_at')
    ~ " then known.row_json end" %}
{% set is_not_erased_since = is_not_erased(emails=['known.email_key'], refused=known_json) %}

with email_events as {{ inlined() }} (
    select * from {{ ref('base_outreach__email_events') }}
),

clock as (
    select * from {{ ref('stg_clock') }}
),

voter_addresses as (
    select distinct email_key from {{ ref('lnk_voter_address') }}
),

input_files as (
    select * from {{ ref('stg_input_files') }}
),

erasures as (
    select * from {{ ref('stg_rights__erasures') }}
),

-- One pass over the files. Three of a hundred rows concern the voter file; clicks are everybody's, for
-- attribution; refused rows and those in the future go to quarantine; and a row whose id is to be trimmed may
-- turn out to share it with another. Ids are trimmed after the filter: they are dear.
picked as (
    select
        source_file,
        source_row_number,
        '{{ invocation_id }}' as read_at_build,
        email_key,
        {{ text_id('delivered_campaign_id') }} as campaign_id,
        {{ text_id('delivered_client') }} as client_shortname,
        event_at,
        sends,
        opens,
        clicks,
        bounces,
        complaints,
        unsubs,
        is_bot,
        {{ text_id('delivered_event_id') }} as event_id,
        coalesce({{ has_plain_ends('delivered_event_id') }}, true) as has_plain_id,
        rejection_reason,
        case
            when rejection_reason is not null or {{ is_future('event_at') }} then {{ row_as_json('source_row') }}
        end as row_json
    from email_events
    where
        (
            {{ has_a_use }}
            or not coalesce({{ has_plain_ends('delivered_event_id') }}, true)
        )
        and not {{ is_in_files('source_file', carried) }}
),

-- A row in the future is kept with its text, in which other columns may name somebody.
read_rows as {{ materialized() }} (
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
        has_plain_id,
        rejection_reason,
        row_json
    from picked
    where {{ is_not_erased(refused='picked.row_json') }}
),

{% if carried %}

known as {{ inlined() }} (
    select * from {{ carried_relation(this) }}
),

{% endif %}

-- Which row of an id stays is settled among all of its rows, so whatever came under the id of a click
-- is kept too.
click_ids as (
    select event_id
    from read_rows
    where
        clicks > 0
        and rejection_reason is null
        and event_id is not null
    {% if carried %}
    union all
    select event_id
    from known
    where
        kind = 'row'
        and {{ is_in_files('source_file', carried) }}
        and clicks > 0
        and rejection_reason is null
        and event_id is not null
        and {{ is_not_erased_since }}
    {% endif %}
),

{% if carried %}

carried_rows as (
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
        has_plain_id,
        rejection_reason,
        {{ known_json }} as row_json
    from known
    where
        kind = 'row'
        and {{ is_in_files('source_file', carried) }}
        and (
            {{ has_a_use }}
            or not has_plain_id
            or event_id in (select click_ids.event_id from click_ids)
        )
        and {{ is_not_erased_since }}
),

-- An address that is new to the voter file has a history in the old files, and so may the id of a new
-- click. Everybody's clicks are kept: the other ids were looked up when theirs was read.
new_addresses as (
    select voter_addresses.email_key
    from voter_addresses
    where
        not exists (
            select 1
            from known
            where
                known.kind = 'address'
                and known.email_key = voter_addresses.email_key
        )
),

new_click_ids as (
    select read_rows.event_id
    from read_rows
    where
        read_rows.clicks > 0
        and read_rows.rejection_reason is null
        and read_rows.event_id is not null
        and not exists (
            select 1
            from known
            where
                known.kind = 'row'
                and {{ is_in_files('known.source_file', carried) }}
                and known.clicks > 0
                and known.rejection_reason is null
                and known.event_id = read_rows.event_id
        )
),

-- Where in the old files they may stand: of so many rows nothing is read but what is looked at.
sought as (
    select
        source_file,
        source_row_number
    from email_events
    where
        {{ is_in_files('source_file', carried) }}
        and {{ is_one_of([email_lookup('delivered_email')], 'new_addresses', ['email_key']) }}
    union all
    select
        source_file,
        source_row_number
    from email_events
    where
        {{ is_in_files('source_file', carried) }}
        and {{ is_one_of(['delivered_event_id'], 'new_click_ids', ['event_id']) }}
),

{% endif %}

-- A second look, at what may be of use for its id, or for an address that was nobody's. Of few rows only, the
-- address is put into normal form. None of those to be kept is refused: such rows are kept already.
found as {{ materialized() }} (
    select
        delivered_email,
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
        source_file,
        source_row_number
    from email_events
    where
        not {{ is_in_files('source_file', carried) }}
        and clicks <= 0
        and {{ is_one_of(['delivered_event_id'], 'click_ids', ['event_id']) }}
    {% if carried %}
    union all
    select
        delivered_email,
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
        source_file,
        source_row_number
    from email_events
    where
        {{ is_in_files('source_file', carried) }}
        and {{ is_one_of(['source_file', 'source_row_number'], 'sought', ['source_file', 'source_row_number']) }}
    {% endif %}
),

well_formed as (
    select
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
        source_file,
        source_row_number
    from found
),

keyed as (
    select
        {{ email_key('well_formed_email') }} as email_key,
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
        source_file,
        source_row_number
    from well_formed
),

kept_places as (
    select
        source_file,
        source_row_number
    from read_rows
    {% if carried %}
    union all
    select
        source_file,
        source_row_number
    from known
    where
        kind = 'row'
        and {{ is_in_files('source_file', carried) }}
    {% endif %}
),

found_rows as (
    select
        source_file,
        source_row_number,
        '{{ invocation_id }}' as read_at_build,
        email_key,
        {{ text_id('delivered_campaign_id') }} as campaign_id,
        {{ text_id('delivered_client') }} as client_shortname,
        event_at,
        sends,
        opens,
        clicks,
        bounces,
        complaints,
        unsubs,
        is_bot,
        delivered_event_id as event_id,
        true as has_plain_id,
        cast(null as varchar) as rejection_reason,
        cast(null as varchar) as row_json
    from keyed
    where
        (
            email_key in (select voter_addresses.email_key from voter_addresses)
            or delivered_event_id in (select click_ids.event_id from click_ids)
        )
        and not exists (
            select 1
            from kept_places
            where
                kept_places.source_file = keyed.source_file
                and kept_places.source_row_number = keyed.source_row_number
        )
),

own_rows as (
    select * from read_rows
    {% if carried %}
    union all
    select * from carried_rows
    {% endif %}
),

kept_rows as (
    select * from own_rows
    union all
    select * from found_rows
),

united as (
    select
        'row' as kind,
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
        has_plain_id,
        rejection_reason,
        row_json
    from kept_rows
    {{ union_all_by_name() }}
    select
        'address' as kind,
        email_key
    from voter_addresses
    {{ union_all_by_name() }}
    select
        'erasure' as kind,
        erasure_hash as fingerprint
    from erasures
    {{ union_all_by_name() }}
    select
        'file' as kind,
        input_files.fingerprint,
        clock.as_of_date,
        input_files.source_file,
        {% if carried %}
        coalesce(known.read_at_build, '{{ invocation_id }}') as read_at_build
        {% else %}
        '{{ invocation_id }}' as read_at_build
        {% endif %}
    from input_files
    cross join clock
    {% if carried %}
    -- A file that was read by this build has no earlier one.
    left join known
        on
            known.kind = 'file'
            and input_files.source_file = known.source_file
            and {{ is_in_files('known.source_file', carried) }}
    {% endif %}
    where input_files.source_table = 'email_clickers'
)

select * from united
