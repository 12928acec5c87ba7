{% set carried = carried_files('email_clickers', this, clock=ref('stg_clock')) %}

{#- What a row is kept for, whether this build has read it or an earlier one; its id may be another reason. -#}
{% set has_a_use -%}
    email_key in (select voter_addresses.email_key from voter_addresses)
            or rejection_reason is not null
            or clicks > 0
            or {{ is_future('event_at') }}
{%- endset %}

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
-- attribution; refused rows and those in the future go to quarantine; and a row with blanks in its id may
-- turn out to share it with another. Ids are trimmed after the filter: they are dear.
read_rows as (
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
        coalesce({{ is_plain('delivered_event_id') }}, true) as has_plain_id,
        rejection_reason,
        case
            when rejection_reason is not null or {{ is_future('event_at') }} then {{ row_as_json('source_row') }}
        end as row_json
    from email_events
    where
        (
            {{ has_a_use }}
            or not coalesce({{ is_plain('delivered_event_id') }}, true)
        )
        and not {{ is_in_files('source_file', carried) }}
),

{% if carried %}

known as (
    select * from {{ carried_relation(this) }}
),

-- Rows of unchanged files that are kept for a reason of their own. What was in the future may have
-- happened since.
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
        case when rejection_reason is not null or {{ is_future('event_at') }} then row_json end as row_json
    from known
    where
        kind = 'row'
        and {{ is_in_files('source_file', carried) }}
        and (
            {{ has_a_use }}
            or not has_plain_id
        )
        and {{ is_not_erased(emails=['known.email_key']) }}
),

-- An address that is new to the voter file has a history in the old files.
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

history as {{ materialized() }} (
    select
        email_key,
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
        and rejection_reason is null
        and email_key in (select new_addresses.email_key from new_addresses)
),

history_rows as (
    select
        history.source_file,
        history.source_row_number,
        '{{ invocation_id }}' as read_at_build,
        history.email_key,
        {{ text_id('history.delivered_campaign_id') }} as campaign_id,
        {{ text_id('history.delivered_client') }} as client_shortname,
        history.event_at,
        history.sends,
        history.opens,
        history.clicks,
        history.bounces,
        history.complaints,
        history.unsubs,
        history.is_bot,
        {{ text_id('history.delivered_event_id') }} as event_id,
        coalesce({{ is_plain('history.delivered_event_id') }}, true) as has_plain_id,
        cast(null as varchar) as rejection_reason,
        cast(null as varchar) as row_json
    from history
    where
        not exists (
            select 1
            from carried_rows
            where
                carried_rows.source_file = history.source_file
                and carried_rows.source_row_number = history.source_row_number
        )
),

{% endif %}

own_rows as {{ materialized() }} (
    select * from read_rows
    {% if carried %}
    union all
    select * from carried_rows
    union all
    select * from history_rows
    {% endif %}
),

-- Which row of an id stays is settled among all of its rows, so whatever came under the id of a click
-- is kept too.
click_ids as (
    select distinct event_id
    from own_rows
    where
        clicks > 0
        and rejection_reason is null
        and event_id is not null
),

{% if carried %}

new_click_ids as (
    select click_ids.event_id
    from click_ids
    where
        not exists (
            select 1
            from known
            where
                known.kind = 'row'
                and known.clicks > 0
                and known.rejection_reason is null
                and known.event_id = click_ids.event_id
        )
),

carried_siblings as (
    select
        known.source_file,
        known.source_row_number,
        known.read_at_build,
        known.email_key,
        known.campaign_id,
        known.client_shortname,
        known.event_at,
        known.sends,
        known.opens,
        known.clicks,
        known.bounces,
        known.complaints,
        known.unsubs,
        known.is_bot,
        known.event_id,
        known.has_plain_id,
        known.rejection_reason,
        cast(null as varchar) as row_json
    from known
    where
        known.kind = 'row'
        and {{ is_in_files('known.source_file', carried) }}
        and known.event_id in (select click_ids.event_id from click_ids)
        and not exists (
            select 1
            from own_rows
            where
                own_rows.source_file = known.source_file
                and own_rows.source_row_number = known.source_row_number
        )
        and {{ is_not_erased(emails=['known.email_key']) }}
),

{% endif %}

kept_rows as {{ materialized() if carried else inlined() }} (
    select * from own_rows
    {% if carried %}
    union all
    select * from carried_siblings
    {% endif %}
),

same_id as (
    select
        delivered_event_id,
        source_file,
        source_row_number
    from email_events
    where
        delivered_event_id in (select click_ids.event_id from click_ids)
        and not {{ is_in_files('source_file', carried) }}
    {% if carried %}
    union all
    select
        delivered_event_id,
        source_file,
        source_row_number
    from email_events
    where
        delivered_event_id in (select new_click_ids.event_id from new_click_ids)
        and {{ is_in_files('source_file', carried) }}
    {% endif %}
),

-- Few ids have such rows; these are read whole in a second look. None of them is refused: such rows are
-- kept already.
sibling_rows as {{ materialized() }} (
    select
        same_id.delivered_event_id,
        same_id.source_file,
        same_id.source_row_number
    from same_id
    where
        not exists (
            select 1
            from kept_rows
            where
                kept_rows.source_file = same_id.source_file
                and kept_rows.source_row_number = same_id.source_row_number
        )
),

delivered_siblings as {{ materialized() }} (
    select
        email_events.delivered_email,
        email_events.delivered_campaign_id,
        email_events.delivered_client,
        email_events.event_at,
        email_events.sends,
        email_events.opens,
        email_events.clicks,
        email_events.bounces,
        email_events.complaints,
        email_events.unsubs,
        email_events.is_bot,
        email_events.delivered_event_id,
        email_events.source_file,
        email_events.source_row_number
    from email_events
    where email_events.delivered_event_id in (select sibling_rows.delivered_event_id from sibling_rows)
),

well_formed_siblings as (
    select
        {{ well_formed_email('delivered_siblings.delivered_email') }} as well_formed_email,
        delivered_siblings.delivered_campaign_id,
        delivered_siblings.delivered_client,
        delivered_siblings.event_at,
        delivered_siblings.sends,
        delivered_siblings.opens,
        delivered_siblings.clicks,
        delivered_siblings.bounces,
        delivered_siblings.complaints,
        delivered_siblings.unsubs,
        delivered_siblings.is_bot,
        delivered_siblings.delivered_event_id,
        delivered_siblings.source_file,
        delivered_siblings.source_row_number
    from delivered_siblings
    inner join sibling_rows
        on
            delivered_siblings.source_file = sibling_rows.source_file
            and delivered_siblings.source_row_number = sibling_rows.source_row_number
),

keyed_siblings as (
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
    from well_formed_siblings
),

siblings as (
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
    from keyed_siblings
),

all_rows as (
    select * from kept_rows
    union all
    select * from siblings
),

united as (
    select
        'row' as kind,
        cast(null as varchar) as fingerprint,
        cast(null as date) as as_of_date,
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
    from all_rows
    -- A row in the future is kept with its text, in which other columns may name somebody.
    where {{ is_not_erased(refused='all_rows.row_json') }}
    union all
    select
        'address' as kind,
        cast(null as varchar) as fingerprint,
        cast(null as date) as as_of_date,
        cast(null as varchar) as source_file,
        cast(null as bigint) as source_row_number,
        cast(null as varchar) as read_at_build,
        email_key,
        cast(null as varchar) as campaign_id,
        cast(null as varchar) as client_shortname,
        cast(null as timestamp) as event_at,
        cast(null as bigint) as sends,
        cast(null as bigint) as opens,
        cast(null as bigint) as clicks,
        cast(null as bigint) as bounces,
        cast(null as bigint) as complaints,
        cast(null as bigint) as unsubs,
        cast(null as boolean) as is_bot,
        cast(null as varchar) as event_id,
        cast(null as boolean) as has_plain_id,
        cast(null as varchar) as rejection_reason,
        cast(null as varchar) as row_json
    from voter_addresses
    union all
    select
        'erasure' as kind,
        erasure_hash as fingerprint,
        cast(null as date) as as_of_date,
        cast(null as varchar) as source_file,
        cast(null as bigint) as source_row_number,
        cast(null as varchar) as read_at_build,
        cast(null as varchar) as email_key,
        cast(null as varchar) as campaign_id,
        cast(null as varchar) as client_shortname,
        cast(null as timestamp) as event_at,
        cast(null as bigint) as sends,
        cast(null as bigint) as opens,
        cast(null as bigint) as clicks,
        cast(null as bigint) as bounces,
        cast(null as bigint) as complaints,
        cast(null as bigint) as unsubs,
        cast(null as boolean) as is_bot,
        cast(null as varchar) as event_id,
        cast(null as boolean) as has_plain_id,
        cast(null as varchar) as rejection_reason,
        cast(null as varchar) as row_json
    from erasures
    union all
    select
        'file' as kind,
        input_files.fingerprint,
        clock.as_of_date,
        input_files.source_file,
        cast(null as bigint) as source_row_number,
        {% if carried %}
        coalesce(known.read_at_build, '{{ invocation_id }}') as read_at_build,
        {% else %}
        '{{ invocation_id }}' as read_at_build,
        {% endif %}
        cast(null as varchar) as email_key,
        cast(null as varchar) as campaign_id,
        cast(null as varchar) as client_shortname,
        cast(null as timestamp) as event_at,
        cast(null as bigint) as sends,
        cast(null as bigint) as opens,
        cast(null as bigint) as clicks,
        cast(null as bigint) as bounces,
        cast(null as bigint) as complaints,
        cast(null as bigint) as unsubs,
        cast(null as boolean) as is_bot,
        cast(null as varchar) as event_id,
        cast(null as boolean) as has_plain_id,
        cast(null as varchar) as rejection_reason,
        cast(null as varchar) as row_json
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
