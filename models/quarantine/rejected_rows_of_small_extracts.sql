{#- The column that dates the rows of an extract: a row after the clock's day is refused, too. -#}
{% set dated_by = {
    'donations': 'donated_at',
    'segment_lists': 'added_at',
    'email_openers': 'occurred_at',
    'sms_responses': 'occurred_at',
    'phone_contacts': 'occurred_at',
    'survey_responses': 'occurred_at',
    'event_attendance': 'occurred_at',
    'petition_signers': 'occurred_at',
    'web_visits': 'occurred_at',
    'behavior_events': 'occurred_at',
} %}
{#-
    Extracts whose text is withheld. A custom field may hold something that nobody here may know (F69), a misspelt
    erasure request must leave no trace, and a row of the ledger names a voter whom an erasure must reach. File and row
    number show where the row is.
-#}
{% set withheld = {
    'person_custom_field': '{"value": "withheld"}',
    'erasure_requests': '{"identifier": "withheld"}',
    'handovers': '{"message_key": "withheld"}',
} %}
{% set read_elsewhere = ['list_link_phone_email_map', 'email_clickers'] %}

with rejected as (
    {% for _, source_table, view in delivered_tables() if source_table not in read_elsewhere %}
    select
        '{{ source_table }}' as source_table,
        coalesce(rejection_reason, 'date_future') as reason,
        '{{ invocation_id }}' as rejected_at_build,
        source_file,
        source_row_number,
        {% if source_table in withheld -%}
        '{{ withheld[source_table] }}'
        {%- else -%}
        {{ row_as_json('source_row') }}
        {%- endif %} as row_json
    from {{ ref(view) }}
    where
        (
            rejection_reason is not null
            {% if source_table in dated_by -%}
            or {{ is_future(dated_by[source_table]) }}
            {%- endif %}
        )
        {% if source_table in limited_extracts() -%}
        and not {{ is_expired(source_table) }}
        {%- endif %}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- A row in the future is kept with its text, and any column of it may hold an erased identifier.
retained as {{ materialized() }} (
    {{ without_erased('rejected', refused='row_json') }}
),

counted as (
    select
        *,
        cast(0 as bigint) as omitted_rows
    from retained
),

ranked as (
    {{ ranked_refused_rows('counted', 'reason', source_table='source_table') }}
),

limited as (
    select
        retained.*,
        ranked.omitted_rows
    from retained
    inner join ranked
        on
            retained.source_table = ranked.source_table
            and retained.source_file = ranked.source_file
            and retained.source_row_number = ranked.source_row_number
    where ranked.row_of_reason <= {{ rule_value('quarantine_limits', 'kept_rows') }}
)

select * from limited
