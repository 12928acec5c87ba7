{#-
    A build does not read again what the last build has read. It carries over the rows of files that have not changed,
    reads the other files, and searches the unchanged files only for the phones and addresses that have joined the
    voter file since.

    All that it needs to know about the last build stands in the tables of that build: the files in `extracts.files`,
    the phones and addresses that were looked up in `lnk_voter_phone` and `lnk_voter_address`, the people who were
    left out in `stg_rights__erasures`, the reference date in `stg_clock`, the limits in `stg_retention`. They are read
    from the database that is attached as `previous` (scripts/enrichment/plugins/session_variables.py). It must be a
    published one: a build is published only when all of it has succeeded, so its tables agree with each other.

    The runner attaches the published database. An analyst's own `dbt build` reads everything, unless
    BEHAVIORAL_PREVIOUS_DB names a published database: the analyst's file may hold tables of several builds.
-#}

{#-
    A table of the last build, for comparison: in `previous` for a build that publishes, else in the file itself. None
    where there is no such table.
-#}
{% macro last_build_relation(relation) %}
    {{ return(relation_in('previous' if target.name == 'publish' else relation.database, relation)) }}
{% endmacro %}

{#- A table in `previous`, to carry over from; none where there is no such table, and in a full refresh. -#}
{% macro carried_relation(relation) %}
    {% set known = relation_in('previous', relation) %}
    {{ return(none if known is none or flags.FULL_REFRESH else known) }}
{% endmacro %}

{% macro relation_in(database, relation) %}
    {% if not execute or target.database == 'memory' %}
        {{ return(none) }}
    {% endif %}
    {% set query %}
        select count(*)
        from duckdb_tables()
        where
            database_name = '{{ database }}'
            and schema_name = '{{ relation.schema }}'
            and table_name = '{{ relation.identifier }}'
    {% endset %}
    {% set is_there = run_query(query).rows[0][0] > 0 %}
    {{ return('"' ~ database ~ '".' ~ relation.schema ~ '.' ~ relation.identifier if is_there else none) }}
{% endmacro %}

{#-
    The files of an extract whose rows can be carried over from `relation`, a list of names: the files with the same
    fingerprint as in the last build. The list is empty if somebody is no longer erased, because the last build did not
    keep that person's rows; and, where a `clock` is given, if the reference date has gone back, because the last build
    did not keep the text of rows that are in the future now; or, where `retention` is given, if the limit of the extract
    reaches further back than in the last build, because the last build did not keep the rows that it left out.
-#}
{% macro carried_files(source_table, relation, clock=none, retention=none) %}
    {% set erasures = ref('stg_rights__erasures') %}
    {% if not execute or target.database == 'memory' %}
        {{ return([]) }}
    {% endif %}
    {% set last_files = carried_relation(api.Relation.create(schema='extracts', identifier='files')) %}
    {% set last_erasures = carried_relation(erasures) %}
    {% if not (carried_relation(relation) and last_files and last_erasures) %}
        {{ return([]) }}
    {% endif %}
    {% set query %}
        select files.source_file
        from extracts.files as files
        inner join {{ last_files }} as last_files
            on
                files.source_table = last_files.source_table
                and files.source_file = last_files.source_file
                and files.fingerprint = last_files.fingerprint
        where
            files.source_table = '{{ source_table }}'
            and not exists (
                select 1
                from {{ last_erasures }} as last_erasures
                where
                    not exists (
                        select 1
                        from {{ erasures }} as erasures
                        where erasures.erasure_hash = last_erasures.erasure_hash
                    )
            )
            {% if clock %}
            and (select last_clock.as_of_date from {{ carried_relation(clock) }} as last_clock)
            <= (select clock.as_of_date from {{ clock }} as clock)
            {% if retention and carried_relation(retention) %}
            and coalesce(
                {{ oldest_moment(source_table, carried_relation(retention)) }} <= {{ oldest_moment(source_table, retention) }},
                {{ oldest_moment(source_table, carried_relation(retention)) }} is null
            )
            {% endif %}
            {% endif %}
        order by files.source_file
    {% endset %}
    {{ return(run_query(query).columns[0].values() | list) }}
{% endmacro %}

{#- The keys that the last build looked up in all files: a column of one of its tables, as a query. -#}
{% macro carried_keys(relation, column) -%}
    select {{ column }} from {{ carried_relation(relation) }}
{%- endmacro %}

{#-
    The files of donations that the last build has read, or an empty list. Donations are not kept row by row, because
    there are too many, so it is all or nothing: the list is empty if one of the files has changed or is gone, if other
    people are erased, if the sources may be used for other purposes, or if the key of the pseudonyms is another.
-#}
{% macro carried_gifts(relation) %}
    {% set erasures = ref('stg_rights__erasures') %}
    {% set permitted_use = ref('permitted_use') %}
    {% set carried = carried_files(
        'donations', relation, clock=ref('stg_clock'), retention=ref('stg_retention')
    ) %}
    {% if not carried or not carried_relation(permitted_use) %}
        {{ return([]) }}
    {% endif %}
    {% set query %}
        select
            (
                select count(*)
                from {{ carried_relation(api.Relation.create(schema='extracts', identifier='files')) }} as last_files
                where last_files.source_table = 'donations'
            ) = {{ carried | length }}
            and (
                select {{ erasures_digest('erasures.erasure_hash') }}
                from {{ carried_relation(erasures) }} as erasures
            ) = (
                select {{ erasures_digest('erasures.erasure_hash') }}
                from {{ erasures }} as erasures
            )
            and not exists (
                (
                    select subject_kind, subject, use, is_permitted from {{ permitted_use }}
                    except
                    select subject_kind, subject, use, is_permitted from {{ carried_relation(permitted_use) }}
                )
                union all
                (
                    select subject_kind, subject, use, is_permitted from {{ carried_relation(permitted_use) }}
                    except
                    select subject_kind, subject, use, is_permitted from {{ permitted_use }}
                )
            )
            and (
                select bool_and(
                    known.contact_hash = unhex({{ keyed_hash(voter_text('known.contact_state', 'known.contact_svid')) }})
                )
                from {{ carried_relation(relation) }} as known
                where known.link_method is not null
            )
    {% endset %}
    {{ return(carried if run_query(query).rows[0][0] else []) }}
{% endmacro %}

{#- Is this row from one of the files? -#}
{% macro is_in_files(source_file, names) -%}
    {%- if names -%}
        {{ source_file }} in ({% for name in names %}{{ text_literal(name) }}{{ ', ' if not loop.last }}{% endfor %})
    {%- else -%}
        false
    {%- endif -%}
{%- endmacro %}
