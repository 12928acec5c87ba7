{#-
    Erasure and suppression requests. A request names a person by an identifier, as somebody wrote it down: an e-mail
    address, a phone or a voter id.
-#}

{#-
    The kinds of identifiers. `WI:0012345` is only a voter id. Text with an @ is an address or nothing. A bare text
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
        when {{ identifier_names_state(identifier) }}
            then case
                when {{ matches(text_id('substring(' ~ identifier ~ ', 4)'), '[!-9;-?A-~]*[0-9][!-9;-?A-~]*') }}
                    then {{ text_id('substring(' ~ identifier ~ ', 4)') }}
            end
        when {{ matches(identifier, '[!#-+.-9=?A-{}~-]*[0-9][!#-+.-9=?A-{}~-]*') }} then {{ identifier }}
    end
{%- endmacro %}

{#-
    The text of a request with commas around every identifier in it. People write more than the identifier into the
    cell: `Ann <ann@x.org>`, `mailto:ann@x.org?subject=stop`, `tel:+1-608-234-5670;ext=12`, several addresses, a name
    before a phone. In the order of the steps: the parameters of links go; the words in front of an address or number
    become commas, and so do , ; | < > " and line breaks; then whatever holds an @, each voter id with its state, and each
    phone gets commas. A phone after the sign of another country stays: its digits are somebody else's here.
-#}
{% macro marked_identifiers(text) -%}
    {%- set words = '(?i)(^|[^a-z0-9])(?:mailto|e-?mail|smtp|tel|telephone|phone|mobile|cell|sms|callto|voter ?id|svid) *:' -%}
    {%- set phone = '(?:[+]?1[ ().-]*)?[(]?[2-9][0-9]{2}[ ().-]{0,3}[2-9][0-9]{2}[ ().-]{0,3}[0-9]{4}'
        ~ '(?: *(?:[eE][xX][tT][.]?|[xX]|#) *[0-9]+)?' -%}
    {%- set lines = replace_all(text, '[\\n\\r\\t]+', ',') -%}
    {%- set blanks = replace_all(lines, blank() ~ '+', ' ') -%}
    {%- set without_parameters = replace_all(
        replace_all(blanks, ';[A-Za-z-]+=[^,;|<>" ]*', ''), '(@[A-Za-z0-9.-]+)[?][^,;|<>" ]*', '\\1'
    ) -%}
    {%- set separated = replace_all(replace_all(without_parameters, words, '\\1,'), '[,;|<>"]+', ',') -%}
    {%- set addresses = replace_all(separated, '([^,() ]*@[^,() ]*)', ',\\1,') -%}
    {%- set voters = replace_all(addresses, '(^|[ ,])([A-Za-z]{2}: *[!-+.-9=?A-~-]+)', '\\1,\\2,') -%}
    case
        when {{ matches(voters, '.*(?:[+] *[02-9]|(?:^|[^0-9])(?:00|011)[2-9]).*') }} then {{ voters }}
        else {{ replace_all(voters, '(^|[^0-9A-Za-z+:@._-])(' ~ phone ~ ')($|[^0-9A-Za-z@_-])', '\\1,\\2,\\3') }}
    end
{%- endmacro %}

{#-
    A query for the identifiers within the requests of a relation: its rows and columns with email_key, phone_key,
    svid_state and svid, a row for each different identifier and one for a request without any; request_part is 1 for one
    row of each request. A bare number is a voter id only if all the rest of the cell can be read, too: beside a name or
    a street it may be anything. is_read_in_part says that a part with an @ or a digit gave no identifier.
    rejection_reason says why a request gave none at all.
-#}
{% macro identified_requests(relation) -%}
    with whole as (
        select
            *,
            {{ well_formed_email('identifier') }} is not null
            or {{ well_formed_phone(identifier_phone_text('identifier')) }} is not null as is_whole
        from {{ relation }}
    ),

    marked as (
        select
            *,
            case when is_whole then identifier else {{ marked_identifiers('identifier') }} end as marked_text
        from whole
    ),

    parts as (
        select
            *,
            {{ exploded("case when is_whole or identifier is null then " ~ one_text('marked_text')
                ~ ' else ' ~ split_at_commas('marked_text') ~ ' end') }} as delivered_part
        from marked
    ),

    trimmed_parts as (
        select
            *,
            -- Quotes and full stops around an address are not of it.
            case
                when not is_whole and strpos(delivered_part, '@') > 0
                    then {{ replace_all(text_id('delivered_part'), "^[(`''.:]+|[)`''.:!]+$", '') }}
                else {{ text_id('delivered_part') }}
            end as part
        from parts
    ),

    well_formed_parts as (
        select
            *,
            {{ well_formed_email('part') }} as well_formed_email,
            {{ well_formed_phone(identifier_phone_text('part')) }} as well_formed_phone,
            case when {{ identifier_names_state('part') }} then upper(left(part, 2)) end as svid_state,
            {{ identifier_svid('part') }} as svid_of_part
        from trimmed_parts
    ),

    keyed_parts as (
        select
            *,
            {{ email_key('well_formed_email') }} as email_key,
            {{ phone_key('well_formed_phone') }} as phone_key
        from well_formed_parts
    ),

    read_parts as (
        select
            *,
            coalesce(email_key, phone_key, svid_of_part) is not null as is_read,
            coalesce({{ replace_all('part', '[^@0-9]', '') }} <> '', false) as seems_identifier,
            min(case when coalesce(email_key, phone_key, svid_of_part) is null and part is not null then 0 else 1 end)
                over (partition by source_file, source_row_number) = 1 as is_all_read
        from keyed_parts
    ),

    trusted_parts as (
        select
            *,
            case when svid_state is not null or is_all_read then svid_of_part end as svid
        from read_parts
    ),

    counted_parts as (
        select
            *,
            max(case when coalesce(email_key, phone_key, svid) is not null then 1 else 0 end)
                over (partition by source_file, source_row_number) = 1 as has_identifier,
            max(case when seems_identifier and coalesce(email_key, phone_key, svid) is null then 1 else 0 end)
                over (partition by source_file, source_row_number) = 1 as has_unread_part,
            row_number() over (
                partition by source_file, source_row_number, email_key, phone_key, svid_state, svid
                order by part
            ) as part_repeat
        from trusted_parts
    ),

    kept_parts as (
        select
            *,
            has_identifier and has_unread_part as is_read_in_part,
            row_number() over (
                partition by source_file, source_row_number
                order by email_key nulls last, phone_key nulls last, svid_state nulls last, svid nulls last, part
            ) as request_part,
            case
                when is_deleted_at_source then 'deleted_at_source'
                when identifier is null then 'identifier_blank'
                when not has_identifier then 'identifier_malformed'
            end as rejection_reason
        from counted_parts
        where
            part_repeat = 1
            and (coalesce(email_key, phone_key, svid) is not null or not has_identifier)
    )

    select *
    from kept_parts
    where has_identifier or request_part = 1
{%- endmacro %}

{% macro exploded(list) -%}
    {{ adapter.dispatch('exploded')(list) }}
{%- endmacro %}

{% macro default__exploded(list) -%}
    explode({{ list }})
{%- endmacro %}

{% macro duckdb__exploded(list) -%}
    unnest({{ list }})
{%- endmacro %}

{% macro one_text(text) -%}
    {{ adapter.dispatch('one_text')(text) }}
{%- endmacro %}

{% macro default__one_text(text) -%}
    array({{ text }})
{%- endmacro %}

{% macro duckdb__one_text(text) -%}
    [{{ text }}]
{%- endmacro %}

{% macro split_at_commas(text) -%}
    {{ adapter.dispatch('split_at_commas')(text) }}
{%- endmacro %}

{% macro default__split_at_commas(text) -%}
    split({{ text }}, ',')
{%- endmacro %}

{% macro duckdb__split_at_commas(text) -%}
    string_split({{ text }}, ',')
{%- endmacro %}

{#-
    The hook of the two views of requests: how many requests could not be read? A request that nobody reads is a person
    whose wish is ignored, so each one counts, whatever their share. It writes the figure beside those of the other checks
    and stops the build where the seed input_limits says so, before anything is built from the requests. The line names
    files and rows, never what stands there.
-#}
{% macro check_requests(source_table, view) %}
    {% if execute and target.database != 'memory' %}
        {% set query %}
            select
                count(*) as requests,
                count(case when rejection_reason <> 'deleted_at_source' then 1 end) as unread,
                count(case when is_read_in_part then 1 end) as read_in_part,
                array_to_string(list_slice(list(
                    source_file || ' row ' || source_row_number order by source_file, source_row_number
                ) filter (where rejection_reason <> 'deleted_at_source' or is_read_in_part), 1, 3), ', ') as places
            from {{ view }}
            where request_part = 1
        {% endset %}
        {% set requests, unread, read_in_part, places = run_query(query).rows[0].values() %}
        {% set found = (unread + read_in_part) | int %}
        {% set message %}
            {%- if found -%}
            table {{ source_table }}: {{ unread | int }} of {{ requests | int }} requests hold no address, phone or voter id that can be read
            {%- if read_in_part %}, and of {{ read_in_part | int }} only a part can be read{% endif %} ({{ places }}{{ ', …' if found > 3 }})
            {%- else -%}
            table {{ source_table }}: {{ 'every request can be read' if requests else 'there are no requests' }}
            {%- endif -%}
        {% endset %}
        {% set check %}
            update private.extracts.checks
            set found_value = {{ found }}, message = {{ text_literal(message) }}
            where check_name = 'unreadable_requests' and source_table = '{{ source_table }}'
        {% endset %}
        {% do run_query(check) %}
        {% set query %}
            select {{ input_check_status() }}
            from private.extracts.checks
            where check_name = 'unreadable_requests' and source_table = '{{ source_table }}'
        {% endset %}
        {% for row in run_query(query).rows %}
            {% if row[0] == 'stopped' %}
                {{ extracts_error(message ~ ': ' ~ what_to_do('unreadable_requests') ~ ', or accept it with '
                    ~ accepting('unreadable_requests')) }}
            {% elif row[0] == 'warned' and target.name != 'publish' %}
                {% do exceptions.warn('Extracts: ' ~ message) %}
            {% endif %}
        {% endfor %}
    {% endif %}
{% endmacro %}

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
            database_name = 'private'
            and schema_name = 'extracts'
            and view_name = 'erasure_requests'
    {% endset %}
    {% if run_query(query).rows[0][0] == 0 %}
        {{ return(false) }}
    {% endif %}
    {{ return(run_query('select count(*) from private.extracts.erasure_requests').rows[0][0] > 0) }}
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
    {%- set text = refused or refused_text('rejection_reason', row) -%}
    {%- set names = {} %}
    with
    {%- for name, held_relation in erased.items() -%}
    {%- do names.update({name: 'erased_' ~ name}) %}
    erased_{{ name }} as {{ materialized() }} (
        select * from {{ held_relation }}
    ){{ ',' if not loop.last }}
    {%- endfor %}
    select {{ relation }}.*
    from {{ relation }}
    cross join lateral (select {{ identifiers_within(text) }} as identifiers) as within
    where
        {{ is_in_none_of(names, persons, emails, phones, svids, voters, 'within.identifiers') }}
    {%- else -%}
    select *
    from {{ relation }}
    {%- endif -%}
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
            from {{ erased.svids }} as erased
            where
                erased.svid = {{ svid }}
                and coalesce(erased.svid_state, {{ state }}, '') = coalesce({{ state }}, erased.svid_state, '')
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
        inner join private.extracts.files as files
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
    The rows of a view of staging in each file, as pairs of a file's name and a count. A row of suppressions may hold several
    identifiers, and the view has a row for each. Its own query for each view: to plan all views in one statement takes far
    longer. Empty without erasure requests.
-#}
{% macro rows_by_file(view) %}
    {% if not execute or not has_erasure_requests() %}
        {{ return([]) }}
    {% endif %}
    {% set query %}
        select
            source_file,
            {{ 'count(distinct source_row_number)' if view.identifier == 'base_rights__suppressions' else 'count(*)' }}
        from {{ view }}
        group by source_file
    {% endset %}
    {{ return(run_query(query).rows) }}
{% endmacro %}

{#-
    The rows of a large extract in each file whose own address or phone is erased, as pairs of a file's name and a count,
    without the files `counted`. To count what staging shows would normalise the whole extract a second time; a look-up
    takes a fifth of that. `columns` are the delivered columns with an address, and with a phone or none.
-#}
{% macro erased_rows_by_file(relation, columns, counted) %}
    {% set contacts = held(ref('stg_rights__erased_contacts')) %}
    {% if not execute or not has_erasure_requests() %}
        {{ return([]) }}
    {% endif %}
    {% set email, phone = columns %}
    {% set query %}
        with erased_contacts as {{ materialized() }} (
            select * from {{ contacts }}
        ),
        candidates as {{ materialized() }} (
            select
                source_file,
                {{ email }} as delivered_email,
                {{ phone or 'cast(null as varchar)' }} as delivered_phone
            from {{ relation }}
            where
                not {{ is_in_files('source_file', counted) }}
                and (
                    {{ is_among(email_lookup(email), 'erased_contacts', 'erased.email_key') }}
                    {% if phone %}
                    or {{ is_among(phone_lookup(phone), 'erased_contacts', 'erased.phone_key') }}
                    {% endif %}
                )
        ),
        well_formed as (
            select
                source_file,
                {{ well_formed_email('delivered_email') }} as well_formed_email,
                {{ well_formed_phone('delivered_phone') }} as well_formed_phone
            from candidates
        ),
        keyed as (
            select
                source_file,
                {{ email_key('well_formed_email') }} as email_key,
                {{ phone_key('well_formed_phone') }} as phone_key
            from well_formed
        )
        select
            source_file,
            count(*)
        from keyed
        where
            {{ is_among('email_key', 'erased_contacts', 'erased.email_key') }}
            or {{ is_among('phone_key', 'erased_contacts', 'erased.phone_key') }}
        group by source_file
    {% endset %}
    {{ return(run_query(query).rows) }}
{% endmacro %}

{#- Is this text, in lower case, a clear yes to being contacted? -#}
{% macro is_consent(text) -%}
    coalesce({{ text }} in ('granted', 'given', 'yes', 'y', 'true', 't', '1', 'opt_in', 'opted_in', 'opt-in'), false)
{%- endmacro %}

{#-
    May a channel be used, as far as consent goes? `basis` is a column of the seed consent_rules: with opt_out a withdrawal
    forbids it, with opt_in only a consent allows it, and opt_in_where_recorded is opt_in as soon as the site has one
    record of a consent to that channel.
-#}
{% macro is_consented(consent, basis, is_recorded) -%}
    case
        when {{ consent }} = 'granted' then true
        when {{ consent }} = 'withdrawn' then false
        when {{ basis }} = 'opt_in' then false
        when {{ basis }} = 'opt_in_where_recorded' then not {{ is_recorded }}
        else true
    end
{%- endmacro %}
