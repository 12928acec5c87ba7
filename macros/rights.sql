{#-
    The rights of the people in the data: who asked to be erased, and what a row says of them. An
    identifier is an e-mail address, a phone or a voter id, as somebody wrote it down.
-#}

{#-
    The identifier's parts. `WI:0012345` is a voter id and nothing else; text with an @ is an address or
    nothing; a bare text with a digit and without a blank is a voter id, and a phone as well if it has the form of
    one: both are meant, for the person must be found.
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

{#-
    Did anybody ask to be erased? Asked before a statement is made: where nobody did, no pass over a large
    extract looks for them. Unit tests say so themselves.
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
    Is a row of nobody who asked to be erased? `persons`, `emails`, `phones` and `svids` are its columns with
    person ids, keys and voter ids, `voters` pairs of columns with a state, which may be NULL, and a voter id:
    a bare one may be that of who asked, and must not become somebody else's; `refused` is an expression with its delivered text, where it was refused: it holds identifiers in
    whatever form, and in whatever column.
-#}
{% macro is_not_erased(persons=[], emails=[], phones=[], svids=[], voters=[], refused=none) -%}
    {%- if not execute or has_erasure_requests() -%}
        {%- set erased_persons = ref('stg_rights__erased_persons') -%}
        {%- set erased_contacts = ref('stg_rights__erased_contacts') -%}
        {%- set erasure_requests = ref('stg_rights__erasure_requests') -%}
        {%- if voters -%}
            {%- set erased_svids = ref('stg_rights__erased_svids') -%}
        {%- endif -%}
    {%- endif -%}
    {%- if has_erasure_requests() -%}
        {%- for person in persons %}
        not coalesce({{ person }} in (
            select erased_persons.person_id
            from {{ erased_persons }} as erased_persons
            where erased_persons.person_id is not null
        ), false)
        and
        {%- endfor %}
        {%- for email in emails %}
        not coalesce({{ email }} in (
            select erased_contacts.email_key
            from {{ erased_contacts }} as erased_contacts
            where erased_contacts.email_key is not null
        ), false)
        and
        {%- endfor %}
        {%- for phone in phones %}
        not coalesce({{ phone }} in (
            select erased_contacts.phone_key
            from {{ erased_contacts }} as erased_contacts
            where erased_contacts.phone_key is not null
        ), false)
        and
        {%- endfor %}
        {%- for svid in svids %}
        not coalesce({{ svid }} in (
            select erasure_requests.svid
            from {{ erasure_requests }} as erasure_requests
            where erasure_requests.svid is not null
        ), false)
        and
        {%- endfor %}
        {%- for state, svid in voters %}
        not exists (
            select 1
            from {{ erased_svids }} as erased_svids
            where
                erased_svids.svid = {{ svid }}
                and coalesce(erased_svids.svid_state, {{ state }}, '') = coalesce({{ state }}, erased_svids.svid_state, '')
        )
        and
        {%- endfor %}
        {%- if refused %}
        not coalesce({{ holds_any(identifiers_within(refused), erased_list(erased_contacts)) }}, false)
        and
        {%- endif %}
        true
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}

{#- The delivered text of a refused row; NULL for any other row. -#}
{% macro refused_text(reason, row) -%}
    case when {{ reason }} is not null then {{ row_as_json(row) }} end
{%- endmacro %}

{#-
    All e-mail addresses that a text holds, in lower case, with and without the odd characters that may surround
    one, and all phones, ten digits each: of every value of JSON only the digits are looked at. A list.
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

{#- All hashes of the erased as one text, in whatever order they come. -#}
{% macro erasures_digest(erasure_hash) -%}
    coalesce(md5(string_agg({{ erasure_hash }}, '' order by {{ erasure_hash }})), '')
{%- endmacro %}

{#-
    The files of a large extract whose erased rows an earlier build has counted, for the same people: their
    names, or an empty list. `relation` is the table with the counts, as that build left it.
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
