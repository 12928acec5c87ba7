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

{#- Why a request is refused. For relations with the columns is_deleted_at_source, identifier, email_key, phone_key and svid. -#}
{% macro identifier_rejection_reason() -%}
    case
        when is_deleted_at_source then 'deleted_at_source'
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
    Is a row free of people who asked to be erased? The arguments are lists of the row's columns: `persons` with
    person ids, `emails` and `phones` with keys, `svids` with voter ids, and `voters` with pairs of a state, which may be
    NULL, and a voter id. A bare voter id may be the erased person's and must not pass to somebody else. `refused` is
    the delivered text of a refused row: there, identifiers may stand in any form and in any column.
-#}
{% macro is_not_erased(persons=[], emails=[], phones=[], svids=[], voters=[], refused=none) -%}
    {%- if not execute or has_erasure_requests() -%}
        {%- set views = {'erased_contacts': ref('stg_rights__erased_contacts')} -%}
        {%- if persons -%}{%- do views.update(erased_persons=ref('stg_rights__erased_persons')) -%}{%- endif -%}
        {%- if svids -%}{%- do views.update(erasure_requests=ref('stg_rights__erasure_requests')) -%}{%- endif -%}
        {%- if voters -%}{%- do views.update(erased_svids=ref('stg_rights__erased_svids')) -%}{%- endif -%}
    {%- endif -%}
    {%- if execute and has_erasure_requests() -%}
        {{ is_in_none_of(views, persons, emails, phones, svids, voters, refused) }}
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}

{#-
    A query for the rows of a relation without those of people who asked to be erased. The arguments are those of
    is_not_erased; a refused row is one with a rejection_reason. Each view of the erased is read once: these views are
    long, and to plan them once a column takes longer than all the rest of a build.
-#}
{% macro without_erased(relation, persons=[], emails=[], phones=[], svids=[], voters=[], row='source_row') -%}
    {%- if not execute or has_erasure_requests() -%}
        {%- set views = {'erased_contacts': ref('stg_rights__erased_contacts')} -%}
        {%- if persons -%}{%- do views.update(erased_persons=ref('stg_rights__erased_persons')) -%}{%- endif -%}
        {%- if svids -%}{%- do views.update(erasure_requests=ref('stg_rights__erasure_requests')) -%}{%- endif -%}
        {%- if voters -%}{%- do views.update(erased_svids=ref('stg_rights__erased_svids')) -%}{%- endif -%}
    {%- endif -%}
    {%- if execute and has_erasure_requests() -%}
    with
    {%- set names = {} -%}
    {%- for name, view in views.items() -%}
        {%- do names.update({name: name}) %}
    {{ name }} as {{ materialized() }} (
        select * from {{ view }}
    ){{ ',' if not loop.last }}
    {%- endfor %}
    select *
    from {{ relation }}
    where
        {{ is_in_none_of(names, persons, emails, phones, svids, voters, refused_text('rejection_reason', row)) }}
    {%- else -%}
    select *
    from {{ relation }}
    {%- endif -%}
{%- endmacro %}

{#- The condition of is_not_erased where there are requests; `erased` holds the relations to look in. -#}
{% macro is_in_none_of(erased, persons, emails, phones, svids, voters, refused) -%}
    {%- for person in persons %}
        {{ is_not_among(person, erased.erased_persons, 'person_id') }}
        and
    {%- endfor %}
    {%- for email in emails %}
        {{ is_not_among(email, erased.erased_contacts, 'email_key') }}
        and
    {%- endfor %}
    {%- for phone in phones %}
        {{ is_not_among(phone, erased.erased_contacts, 'phone_key') }}
        and
    {%- endfor %}
    {%- for svid in svids %}
        {{ is_not_among(svid, erased.erasure_requests, 'svid') }}
        and
    {%- endfor %}
    {%- for state, svid in voters %}
        not exists (
            select 1
            from {{ erased.erased_svids }} as erased_svids
            where
                erased_svids.svid = {{ svid }}
                and coalesce(erased_svids.svid_state, {{ state }}, '') = coalesce({{ state }}, erased_svids.svid_state, '')
        )
        and
    {%- endfor %}
    {%- if refused %}
        not coalesce({{ holds_any(identifiers_within(refused), erased_list(erased.erased_contacts)) }}, false)
        and
    {%- endif %}
        true
{%- endmacro %}

{% macro is_not_among(value, relation, column) -%}
    not coalesce({{ value }} in (
            select erased.{{ column }}
            from {{ relation }} as erased
            where erased.{{ column }} is not null
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
    list_concat(
        regexp_extract_all(lower({{ text }}), '{{ email_pattern() | replace("'", "''") }}'),
        regexp_extract_all(lower({{ text }}), '[a-z0-9._+-]+@[a-z0-9.-]*[a-z0-9]'),
        regexp_extract_all(
            regexp_replace({{ text }}, '[^0-9",:{}]', '', 'g'), '1?([2-9][0-9]{2}[2-9][0-9]{6})', 1
        )
    )
{%- endmacro %}

{% macro holds_any(found, wanted) -%}
    {{ adapter.dispatch('holds_any')(found, wanted) }}
{%- endmacro %}

{% macro default__holds_any(found, wanted) -%}
    list_has_any({{ found }}, {{ wanted }})
{%- endmacro %}

{% macro erased_list(erased_contacts) -%}
    {{ adapter.dispatch('erased_list')(erased_contacts) }}
{%- endmacro %}

{% macro default__erased_list(erased_contacts) -%}
    coalesce((
        select list(coalesce(erased_contacts.email_key, erased_contacts.phone_key))
        from {{ erased_contacts }} as erased_contacts
    ), cast([] as varchar[]))
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
