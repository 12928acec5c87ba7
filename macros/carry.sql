{#-
    What the last build has read is not read again. A table that costs a pass over a large extract keeps
    three kinds of rows:

    file: a file of the extract that was read whole, with its fingerprint;
    phone, address: a key of the voter file whose rows were looked up in all of those files;
    row: a delivered row that was kept;
    erasure: a hash of somebody who was left out, because they asked to be erased.

    The next build carries over the rows of files that have not changed, reads the others, and looks
    up in the old files only the keys that are new. The tables are rebuilt, never changed in place, so
    a build that fails leaves nothing half done.
-#}

{#-
    A table as the last build left it: in the published database, which a build for publishing finds
    attached as `previous` (scripts/enrichment/plugins/session_variables.py), else in the file itself. None where there is no
    such table.
-#}
{% macro last_build_relation(relation) %}
    {% if not execute or target.database == 'memory' %}
        {{ return(none) }}
    {% endif %}
    {% set query %}
        select max(database_name)
        from duckdb_tables()
        where
            database_name = '{{ "previous" if target.name == "publish" else relation.database }}'
            and schema_name = '{{ relation.schema }}'
            and table_name = '{{ relation.identifier }}'
    {% endset %}
    {% set database = run_query(query).rows[0][0] %}
    {{ return('"' ~ database ~ '".' ~ relation.schema ~ '.' ~ relation.identifier if database else none) }}
{% endmacro %}

{#- The same, of which rows are carried over: none where everything is to be read afresh. -#}
{% macro carried_relation(relation) %}
    {% if execute and flags.FULL_REFRESH %}
        {{ return(none) }}
    {% endif %}
    {{ return(last_build_relation(relation)) }}
{% endmacro %}

{#-
    The files of an extract whose rows can be carried over from `relation`: those with the fingerprint
    that they had, read no later by the clock than today. Their names, or an empty list.
-#}
{% macro carried_files(source_table, relation, clock=none) %}
    {% set carried = carried_relation(relation) %}
    {% if carried is none %}
        {{ return([]) }}
    {% endif %}
    {#- Whoever is back after an erasure is not among the rows that were kept: everything is read again. -#}
    {% set returned %}
        select count(*)
        from {{ carried }} as carried
        where
            carried.kind = 'erasure'
            and not exists (
                select 1
                from {{ ref('stg_rights__erasures') }} as erasures
                where erasures.erasure_hash = carried.fingerprint
            )
    {% endset %}
    {% if run_query(returned).rows[0][0] > 0 %}
        {{ return([]) }}
    {% endif %}
    {% set query %}
        select files.source_file
        from extracts.files as files
        inner join {{ carried }} as carried
            on
                carried.kind = 'file'
                and carried.source_file = files.source_file
                and carried.fingerprint = files.fingerprint
        where
            files.source_table = '{{ source_table }}'
            {% if clock %}
            and carried.as_of_date <= (select clock.as_of_date from {{ clock }} as clock)
            {% endif %}
        order by files.source_file
    {% endset %}
    {% set names = [] %}
    {% for row in run_query(query) %}
        {% do names.append(row[0]) %}
    {% endfor %}
    {{ return(names) }}
{% endmacro %}

{#-
    The files of gifts that the published database has read. Gifts are not kept row by row: there are too many, and
    of strangers as little is published as can be. So it is all or nothing: an empty list where one of the
    files is gone or another, and where a gift may be another for its file: with another clock behind, with other
    people erased, or with another key of pseudonyms.
-#}
{% macro carried_gifts(relation) %}
    {% set carried = carried_relation(relation) if execute and target.name == 'publish' else none %}
    {% if carried is none %}
        {{ return([]) }}
    {% endif %}
    {% set last_files = last_input_files() %}
    {% set last_clock = carried_relation(ref('stg_clock')) %}
    {% set last_erasures = carried_relation(ref('stg_rights__erasures')) %}
    {% if not (last_files and last_clock and last_erasures) %}
        {{ return([]) }}
    {% endif %}
    {% set query %}
        select last_files.source_file
        from {{ last_files }} as last_files
        where
            last_files.source_table = 'donations'
            and not exists (
                select 1
                from {{ last_files }} as others
                where
                    others.source_table = 'donations'
                    and not exists (
                        select 1
                        from extracts.files as files
                        where
                            files.source_table = others.source_table
                            and files.source_file = others.source_file
                            and files.fingerprint = others.fingerprint
                    )
            )
            and (select clock.as_of_date from {{ last_clock }} as clock)
            <= (select clock.as_of_date from {{ ref('stg_clock') }} as clock)
            and (select {{ erasures_digest('erasures.erasure_hash') }} from {{ last_erasures }} as erasures)
            = (select {{ erasures_digest('erasures.erasure_hash') }} from {{ ref('stg_rights__erasures') }} as erasures)
            and (
                select bool_and(
                    known.contact_hash = unhex({{ keyed_hash(voter_text('known.contact_state', 'known.contact_svid')) }})
                )
                from {{ carried }} as known
                where known.link_method is not null
            )
        order by last_files.source_file
    {% endset %}
    {% set names = [] %}
    {% for row in run_query(query) %}
        {% do names.append(row[0]) %}
    {% endfor %}
    {{ return(names) }}
{% endmacro %}

{#- Is this delivered row in one of the files? -#}
{% macro is_in_files(source_file, names) -%}
    {%- if names -%}
        {{ source_file }} in ({% for name in names %}{{ text_literal(name) }}{{ ', ' if not loop.last }}{% endfor %})
    {%- else -%}
        false
    {%- endif -%}
{%- endmacro %}
