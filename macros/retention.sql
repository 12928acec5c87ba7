{#-
    Retention: rows of an extract that are older than the seed `retention` allows leave at the next build. An accepted
    opt-out never leaves: without it, the person would be contacted again.
-#}

{#- The extracts that the seed can limit: the column that dates a row, and when an accepted row is an opt-out. -#}
{% macro limited_extracts() %}
    {{ return({
        'email_clickers': {'dated_by': 'event_at', 'opt_out': 'unsubs + complaints > 0'},
        'donations': {'dated_by': 'donated_at', 'opt_out': 'false'},
        'email_openers': {'dated_by': 'occurred_at', 'opt_out': 'false'},
        'sms_responses': {'dated_by': 'occurred_at', 'opt_out': 'opt_outs > 0'},
        'phone_contacts': {'dated_by': 'occurred_at', 'opt_out': "disposition = 'refused'"},
        'survey_responses': {'dated_by': 'occurred_at', 'opt_out': 'false'},
        'event_attendance': {'dated_by': 'occurred_at', 'opt_out': 'false'},
        'petition_signers': {'dated_by': 'occurred_at', 'opt_out': 'false'},
        'web_visits': {'dated_by': 'occurred_at', 'opt_out': 'false'},
        'behavior_events': {'dated_by': 'occurred_at', 'opt_out': 'event_type in (' ~ opt_out_types() ~ ')'},
    }) }}
{% endmacro %}

{#- The types of behavior_events that are opt-outs, as a list: the seed event_types is no input of the other extracts. -#}
{% macro opt_out_types() -%}
    'email_unsubscribe', 'email_complaint', 'sms_opt_out', 'call_refused'
{%- endmacro %}

{#-
    The extracts that have a limit in this build. Answered before the SQL is rendered: without limits no model spends time
    on them. All of them in a unit test.
-#}
{% macro extracts_with_limit() %}
    {% set retention = ref('stg_retention') %}
    {% if not execute or target.database == 'memory' or model.resource_type == 'unit_test' %}
        {{ return(limited_extracts().keys() | list) }}
    {% endif %}
    {{ return(run_query('select source_table from ' ~ retention ~ ' order by source_table').columns[0].values() | list) }}
{% endmacro %}

{#-
    Is a row of an extract older than its limit? A row that is exactly so many days old stays, and so does one without a
    date. Never NULL. `refused` is the condition that the row was refused; a refused row is no opt-out that counts.
-#}
{% macro is_expired(source_table, refused='rejection_reason is not null') -%}
    {%- set retention = ref('stg_retention') -%}
    {%- if source_table in extracts_with_limit() -%}
        {%- set limited = limited_extracts()[source_table] -%}
        (
            coalesce({{ limited.dated_by }} < {{ oldest_moment(source_table, retention) }}, false)
            and ({{ refused }} or not coalesce({{ limited.opt_out }}, false))
        )
    {%- else -%}
        false
    {%- endif -%}
{%- endmacro %}

{#- The first moment that the limit of an extract keeps; NULL without a limit. -#}
{% macro oldest_moment(source_table, retention) -%}
    (select retention.oldest_at from {{ retention }} as retention where retention.source_table = '{{ source_table }}')
{%- endmacro %}
