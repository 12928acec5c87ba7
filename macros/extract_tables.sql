{#-
    All extracts, in the order of docs/interface.md: the source that declares the extract, its name, and the view of
    staging that reads it.
-#}
{% macro extract_tables() %}
    {{ return([
        ('voterfile', 'person', 'base_voterfile__persons'),
        ('voterfile', 'person_custom_field', 'base_voterfile__person_custom_fields'),
        ('voterfile', 'custom_field', 'base_voterfile__custom_fields'),
        ('outreach', 'list_link_phone_email_map', 'base_outreach__contact_map'),
        ('outreach', 'email_clickers', 'base_outreach__email_events'),
        ('outreach', 'campaigns', 'base_outreach__campaigns'),
        ('giving', 'donations', 'base_giving__donations'),
        ('lists', 'segment_lists', 'base_lists__segment_lists'),
        ('rights', 'suppressions', 'base_rights__suppressions'),
        ('deliverability', 'dns_records', 'base_deliverability__dns_records'),
        ('rights', 'erasure_requests', 'base_rights__erasure_requests'),
        ('channels', 'email_openers', 'base_channels__email_openers'),
        ('channels', 'sms_responses', 'base_channels__sms_responses'),
        ('channels', 'phone_contacts', 'base_channels__phone_contacts'),
        ('channels', 'survey_responses', 'base_channels__survey_responses'),
        ('channels', 'event_attendance', 'base_channels__event_attendance'),
        ('channels', 'petition_signers', 'base_channels__petition_signers'),
        ('channels', 'web_visits', 'base_channels__web_visits'),
        ('channels', 'behavior_events', 'base_channels__behavior_events'),
        ('action', 'handovers', 'base_action__handovers'),
        ('rights', 'consents', 'base_rights__consents'),
    ]) }}
{% endmacro %}

{#-
    The extracts of extract_tables that have files in this build: to plan a large union takes long, so a model leaves out
    the absent extracts. All of them in a unit test.
-#}
{% macro delivered_tables() %}
    {% set tables = extract_tables() %}
    {% if not execute or target.database == 'memory' or model.resource_type == 'unit_test' %}
        {{ return(tables) }}
    {% endif %}
    {% set is_registered %}
        select count(*)
        from duckdb_tables()
        where
            database_name = 'private'
            and schema_name = 'extracts'
            and table_name = 'files'
    {% endset %}
    {% if run_query(is_registered).rows[0][0] == 0 %}
        {{ return(tables) }}
    {% endif %}
    {% set query %}
        select distinct source_table
        from {{ source('intake', 'files') }}
    {% endset %}
    {% set names = run_query(query).columns[0].values() %}
    {{ return(tables | selectattr(1, 'in', names) | list) }}
{% endmacro %}
