{#-
    Erasure and suppression requests. A request names a person by an identifier, as somebody wrote it down: an e-mail
    address, a phone or a voter id.
-#}

{#-
    The parts of an identifier. `WI:0012345` is only a voter id. Text with an @ is an address or nothing. A bare text
    with a digit and without a blank is a voter id, and also a phone if it has the form of one: both are searched, so
    that the person is found.
-#}
{% macro identifier_names_state(identifier) -%}
    {{ matches('left(' ~ identifier ~ ', 3)', '[A-Za-z]{2}:') }}
{%- endmacro %}

{% macro identifier_phone_text(identifier) -%}
    case when {{ matches(identifier, '[^A-Za-z@:]*(?:(?:[eE][xX][tT][.]?|[xX])[^A-Za-z@:]*)?') }} then {{ identifier }} end
{%- endmacro %}

{% macro identifier_svid(identifier) -%}
    case
        when {{ identifier_names_state(identifier) }} then {{ text_id('substring(' ~ identifier ~ ', 4)') }}
        when {{ matches(identifier, '[!-?A-~]*[0-9][!-?A-~]*') }} then {{ identifier }}
    end
{%- endmacro %}

{#- Why a request is refused. For relations with the columns identifier, email_key, phone_key and svid. -#}
{% macro identifier_rejection_reason() -%}
    case
        when identifier is null then 'identifier_blank'
        when coalesce(email_key, phone_key, svid) is null then 'identifier_malformed'
    end
{%- endmacro %}

{#-
    Are there erasure requests? Answered before the SQL is rendered: without requests no model spends time on a search
    for the erased. Always false in a unit test.
-#}
{% macro has_erasure_requests() %}
    {% if not execute or target.database == 'memory' or model.resource_type == 'unit_test' %}
        {{ return(false) }}
    {% endif %}
    {% set query %}
        select count(*)
        from duckdb_views()
        where
            database_name = '{{ target.database }}'
            and schema_name = 'extracts'
            and view_name = 'erasure_requests'
    {% endset %}
    {% if run_query(query).rows[0][0] == 0 %}
        {{ return(false) }}
    {% endif %}
    {{ return(run_query('select count(*) from extracts.erasure_requests').rows[0][0] > 0) }}
{% endmacro %}

{#-
    A view of the erased as base views read it. The view searches the extracts, and its plan is long: to plan it again in
    every base view takes longer than all the rest of a small build. A build therefore evaluates it once, when it makes
    the view, into a table in memory (hold_in_memory), and a variable of the session names that table
    (scripts/enrichment/plugins/session_variables.py). A reader of the finished file has no such variable and gets the
    view itself. The identifiers of the erased never reach a disk.
-#}
{% macro held(relation) -%}
    {{ return(adapter.dispatch('held')(relation)) }}
{%- endmacro %}

{% macro default__held(relation) -%}
    {{ return(relation) }}
{%- endmacro %}

{% macro duckdb__held(relation) -%}
    {% if not execute or target.database == 'memory' or model.resource_type == 'unit_test' %}
        {{ return(relation) }}
    {% endif %}
    {{ return("query_table(coalesce(getvariable('held_" ~ relation.identifier ~ "'), " ~ text_literal(relation | string) ~ '))') }}
{%- endmacro %}

{#- The hook of the views of the erased: evaluates the view into memory. Nothing without requests. -#}
{% macro hold_in_memory(view) %}
    {% if execute and has_erasure_requests() %}
        create or replace table erased.main.{{ view.identifier }} as
        select * from {{ view }}
    {% endif %}
{% endmacro %}

{#-
    Is a row free of people who asked to be erased? The arguments are lists of the row's columns: `persons` with
    person ids, `emails` and `phones` with keys, `svids` with voter ids, and `voters` with pairs of a state, which may be
    NULL, and a voter id. A bare voter id may be the erased person's and must not pass to somebody else. `refused` is
    the delivered text of a refused row: there, identifiers may stand in any form and in any column.
-#}
{% macro is_not_erased(persons=[], emails=[], phones=[], svids=[], voters=[], refused=none) -%}
    {%- set erased = erased_relations(persons, svids, voters) -%}
    {%- if execute and has_erasure_requests() -%}
        {{ is_in_none_of(erased, persons, emails, phones, svids, voters, identifiers_within(refused) if refused else none) }}
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}

{#-
    A query for the rows of a relation without those of people who asked to be erased. The arguments are those of
    is_not_erased; unless `refused` says otherwise, a refused row is one with a rejection_reason, and its text is the
    struct `row`. The identifiers within a text are searched once, before they are compared.
-#}
{% macro without_erased(
    relation, persons=[], emails=[], phones=[], svids=[], voters=[], row='source_row', refused=none
) -%}
    {%- set erased = erased_relations(persons, svids, voters) -%}
    {%- if execute and has_erasure_requests() -%}
    {%- set text = refused or refused_text('rejection_reason', row) %}
    select {{ relation }}.*
    from {{ relation }}
    cross join lateral (select {{ identifiers_within(text) }} as identifiers) as within
    where
        {{ is_in_none_of(erased, persons, emails, phones, svids, voters, 'within.identifiers') }}
    {%- else -%}
    select *
    from {{ relation }}
    {%- endif -%}
{%- endmacro %}

{#- The relations in which is_in_none_of looks. Rendered at parse time too, so that dbt knows the references. -#}
{% macro erased_relations(persons, svids, voters) -%}
    {%- set erased = {} -%}
    {%- if not execute or has_erasure_requests() -%}
        {%- do erased.update(contacts=held(ref('stg_rights__erased_contacts'))) -%}
        {%- if persons -%}{%- do erased.update(persons=held(ref('stg_rights__erased_persons'))) -%}{%- endif -%}
        {%- if svids -%}{%- do erased.update(requests=held(ref('stg_rights__erasure_requests'))) -%}{%- endif -%}
        {%- if voters -%}{%- do erased.update(svids=held(ref('stg_rights__erased_svids'))) -%}{%- endif -%}
    {%- endif -%}
    {{ return(erased) }}
{%- endmacro %}

{#-
    The condition of is_not_erased where there are requests; `erased` holds the relations to look in, and `identifiers`
    is the list of the identifiers within the text of a refused row.
-#}
{% macro is_in_none_of(erased, persons, emails, phones, svids, voters, identifiers) -%}
    {%- for person in persons %}
        not {{ is_among(person, erased.persons, 'erased.person_id') }}
        and
    {%- endfor %}
    {%- for email in emails %}
        not {{ is_among(email, erased.contacts, 'erased.email_key') }}
        and
    {%- endfor %}
    {%- for phone in phones %}
        not {{ is_among(phone, erased.contacts, 'erased.phone_key') }}
        and
    {%- endfor %}
    {%- for svid in svids %}
        not {{ is_among(svid, erased.requests, 'erased.svid') }}
        and
    {%- endfor %}
    {%- for state, svid in voters %}
        not exists (
            select 1
            from {{ erased.svids }} as erased_svids
            where
                erased_svids.svid = {{ svid }}
                and coalesce(erased_svids.svid_state, {{ state }}, '') = coalesce({{ state }}, erased_svids.svid_state, '')
        )
        and
    {%- endfor %}
    {%- if identifiers %}
        not {{ holds_erased(identifiers, erased.contacts) }}
        and
    {%- endif %}
        true
{%- endmacro %}

{% macro is_among(value, relation, key) -%}
    coalesce({{ value }} in (
            select {{ key }}
            from {{ relation }} as erased
            where {{ key }} is not null
        ), false)
{%- endmacro %}

{#- The delivered text of a refused row; NULL for any other row. -#}
{% macro refused_text(reason, row) -%}
    case when {{ reason }} is not null then {{ row_as_json(row) }} end
{%- endmacro %}

{#-
    A list of all e-mail addresses and phones within a text. Addresses are in lower case, with and without the unusual
    characters that may surround one. Phones have ten digits: all other characters of a JSON value are ignored.
-#}
{% macro identifiers_within(text) -%}
    {{ adapter.dispatch('identifiers_within')(text) }}
{%- endmacro %}

{% macro default__identifiers_within(text) -%}
    list_distinct(list_concat(
        regexp_extract_all(lower({{ text }}), '{{ email_pattern() | replace("'", "''") }}'),
        regexp_extract_all(lower({{ text }}), '[a-z0-9._+-]+@[a-z0-9.-]*[a-z0-9]'),
        regexp_extract_all(
            regexp_replace({{ text }}, '[^0-9",:{}]', '', 'g'), '1?([2-9][0-9]{2}[2-9][0-9]{6})', 1
        )
    ))
{%- endmacro %}

{#-
    Does a list of identifiers hold an erased one? A refused row holds two or three, so the first four are looked up one by
    one; only a longer list is compared with the list of all erased, which takes as long as that list. One condition, not
    five: the engine expects each condition to keep a fifth of the rows, and would take the extract for the small side
    of the joins that follow.
-#}
{% macro holds_erased(identifiers, contacts) -%}
    {{ adapter.dispatch('holds_erased')(identifiers, contacts) }}
{%- endmacro %}

{% macro default__holds_erased(identifiers, contacts) -%}
    coalesce(arrays_overlap({{ identifiers }}, (
            select collect_list(coalesce(erased.email_key, erased.phone_key)) from {{ contacts }} as erased
        )), false)
{%- endmacro %}

{% macro duckdb__holds_erased(identifiers, contacts) -%}
    {%- set key = 'coalesce(erased.email_key, erased.phone_key)' -%}
    (
            {%- for place in range(1, 5) %}
            {{ is_among(identifiers ~ '[' ~ place ~ ']', contacts, key) }}
            or
            {%- endfor %}
            coalesce(list_has_any(
                case when len({{ identifiers }}) > 4 then {{ identifiers }} end,
                (select list({{ key }}) from {{ contacts }} as erased)
            ), false)
        )
{%- endmacro %}

{#- One digest of all hashes of the erased; the order of the rows does not matter. -#}
{% macro erasures_digest(erasure_hash) -%}
    coalesce(md5(string_agg({{ erasure_hash }}, '' order by {{ erasure_hash }})), '')
{%- endmacro %}

{#-
    The names of the files of a large extract whose erased rows an earlier build has counted for the same requests.
    `relation` is the table with the counts, as that build left it.
-#}
{% macro counted_files(source_table, relation) %}
    {% set known = carried_relation(relation) if has_erasure_requests() else none %}
    {% if known is none %}
        {{ return([]) }}
    {% endif %}
    {% set query %}
        select known.source_file
        from {{ known }} as known
        inner join extracts.files as files
            on
                files.source_table = known.source_table
                and files.source_file = known.source_file
                and files.fingerprint = known.fingerprint
        where
            known.source_table = '{{ source_table }}'
            and known.erasures_digest = (
                select {{ erasures_digest('erasures.erasure_hash') }}
                from {{ ref('stg_rights__erasures') }} as erasures
            )
        order by known.source_file
    {% endset %}
    {% set names = [] %}
    {% for row in run_query(query) %}
        {% do names.append(row[0]) %}
    {% endfor %}
    {{ return(names) }}
{% endmacro %}

{#-
    The rows of a view of staging in each file, as pairs of a file's name and a count, without the files `counted`. Its
    own query for each view: to plan all views in one statement takes far longer. Empty without erasure requests.
-#}
{% macro rows_by_file(view, counted) %}
    {% if not execute or not has_erasure_requests() %}
        {{ return([]) }}
    {% endif %}
    {% set query %}
        select
            source_file,
            count(*) as rows_in_file
        from {{ view }}
        where not {{ is_in_files('source_file', counted) }}
        group by source_file
    {% endset %}
    {{ return(run_query(query).rows) }}
{% endmacro %}
