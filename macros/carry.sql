{#-
    A build does not read again what the last build has read. It carries over the rows of files that have not changed,
    reads the other files, and searches the unchanged files only for the phones and addresses that have joined the
    voter file since.

    All that it needs to know about the last build stands in the tables of that build: the files in `extracts.files`,
    the phones and addresses that were looked up in `lnk_voter_phone` and `lnk_voter_address`, the people who were
    left out in `stg_rights__erasures`, the reference date in `stg_clock`, the limits in `stg_retention`. They are read from
    the pair that is attached as `previous` and `previous_private` (scripts/enrichment/plugins/session_variables.py). It
    must be a published pair: a build is published only when all of it has succeeded, so its tables agree with each
    other. Without its private half nothing is carried over, because `extracts.files` stands there.

    The runner attaches the published database. An analyst's own `dbt build` reads everything, unless
    BEHAVIORAL_PREVIOUS_DB names a published database: the analyst's file may hold tables of several builds.
-#}

{#-
    A table of the last build, for comparison: in `previous` for a build that publishes, else in the file itself. None
    where there is no such table.
-#}
{% macro last_build_relation(relation) %}
    {{ return(relation_in(previous_half(relation) if target.name == 'publish' else relation.database, relation)) }}
{% endmacro %}

{#- The half of the last build that has the table of a relation. -#}
{% macro previous_half(relation) -%}
    {{ 'previous_private' if relation.database == 'private' else 'previous' }}
{%- endmacro %}

{#- A table of the last build, to carry over from; none where there is no such table, and in a full refresh. -#}
{% macro carried_relation(relation) %}
    {% set known = relation_in(previous_half(relation), relation) %}
    {{ return(none if known is none or flags.FULL_REFRESH else known) }}
{% endmacro %}

{#- The table of a relation in another database; none where there is no such table. -#}
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

{#- The table with the files of the extracts, by which two builds are compared. -#}
{% macro extracts_files() %}
    {{ return(api.Relation.create(database='private', schema='extracts', identifier='files')) }}
{% endmacro %}

{#-
    The files of an extract whose rows can be carried over from `relation`, a list of names: the files with the same
    fingerprint as in the last build. The list is empty if somebody is no longer erased, because the last build did not
    keep that person's rows; and, where a `clock` is given, if the reference date has gone back, because the last build
    did not keep the text of rows that are in the future now; or, where `retention` is given, if the limit of the extract
    reaches further back than in the last build, because the last build did not keep the rows that it left out. A file is
    left out if `outdated` holds for one of its rows: a condition on `kept`, a row of the relation.
-#}
{% macro carried_files(source_table, relation, clock=none, retention=none, outdated=none) %}
    {% set erasures = ref('stg_rights__erasures') %}
    {% if not execute or target.database == 'memory' %}
        {{ return([]) }}
    {% endif %}
    {% set last_files = carried_relation(extracts_files()) %}
    {% set last_erasures = carried_relation(erasures) %}
    {% if not (carried_relation(relation) and last_files and last_erasures) %}
        {{ return([]) }}
    {% endif %}
    {% set query %}
        select files.source_file
        from private.extracts.files as files
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
    {% set files = run_query(query).columns[0].values() | list %}
    {#- Asked only of a table that the same code has made: an older one may lack a column. -#}
    {% if files and outdated %}
        {% set query %}
            select distinct kept.source_file
            from {{ carried_relation(relation) }} as kept
            where {{ outdated }}
        {% endset %}
        {% set files = files | reject('in', run_query(query).columns[0].values()) | list %}
    {% endif %}
    {{ return(files) }}
{% endmacro %}

{#-
    The files of the map, and of the e-mail events, that can be carried over. Quarantine keeps the first refused rows of a
    file and reason (ranked_refused_rows). Where the last build left some out, others may be the first now: if other
    people are erased; for the map, if the voter file has other phones, because only their rows are judged; for events,
    if the clock's day of one in the future has come, or if the limit of the seed retention has moved.
-#}
{% macro carried_map_files(relation) %}
    {% set last_erasures, last_phones = carried_relation(ref('stg_rights__erasures')), carried_relation(ref('lnk_voter_phone')) %}
    {% set outdated %}
        kept.omitted_rows > 0
        and (
            {{ differ_in('erasure_hash', ref('stg_rights__erasures'), last_erasures) }}
            or (
                kept.phone_key is not null
                and {{ differ_in('phone_key', ref('lnk_voter_phone'), last_phones) }}
            )
        )
    {% endset %}
    {{ return(carried_files('list_link_phone_email_map', relation, outdated=outdated)) }}
{% endmacro %}

{% macro carried_event_files(relation) %}
    {% set clock, retention = ref('stg_clock'), ref('stg_retention') %}
    {% set last_erasures, last_clock = carried_relation(ref('stg_rights__erasures')), carried_relation(clock) %}
    {% set last_retention = carried_relation(retention) %}
    {% set outdated %}
        kept.omitted_rows > 0
        and (
            {{ differ_in('erasure_hash', ref('stg_rights__erasures'), last_erasures) }}
            or (
                kept.rejection_reason is null
                and {{ differ_in('as_of_date', clock, last_clock) }}
            )
            {% if 'email_clickers' in extracts_with_limit() %}
            or {{ oldest_moment('email_clickers', last_retention) if last_retention else 'null' }}
            is distinct from {{ oldest_moment('email_clickers', retention) }}
            {% endif %}
        )
    {% endset %}
    {{ return(carried_files('email_clickers', relation, clock=clock, retention=retention, outdated=outdated)) }}
{% endmacro %}

{#- Do two relations hold different values in a column? -#}
{% macro differ_in(column, relation, other) -%}
    exists (
        (select {{ column }} from {{ relation }} except select {{ column }} from {{ other }})
        union all
        (select {{ column }} from {{ other }} except select {{ column }} from {{ relation }})
    )
{%- endmacro %}

{#-
    Has a relation keys that the last build did not look up? Asked before the SQL is rendered: without new keys no old
    file is opened. Always true in a unit test.
-#}
{% macro has_new_keys(relation, column) %}
    {% if not execute or target.database == 'memory' or model.resource_type == 'unit_test' %}
        {{ return(true) }}
    {% endif %}
    {% set query %}
        select exists ({{ new_keys(relation, column) }})
    {% endset %}
    {{ return(run_query(query).rows[0][0]) }}
{% endmacro %}

{#- The keys of a relation that the last build did not look up, as a query. -#}
{% macro new_keys(relation, column) -%}
    select distinct {{ column }}
        from {{ relation }} as current_keys
        where
            not exists (
                select 1
                from ({{ carried_keys(relation, column) }}) as looked_up
                where looked_up.{{ column }} = current_keys.{{ column }}
            )
{%- endmacro %}

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
                from {{ carried_relation(extracts_files()) }} as last_files
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
