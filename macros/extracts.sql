{#-
    The extract folder as views, one per source table, in the shape that the source's YAML declares
    (docs/interface.md, section 1; F13). Only this file knows where the files are.

    A view has the declared columns under their declared names and types. Text that a column's type
    cannot hold reads as NULL, and `uncastable_columns` names the column. `source_row` is the row as it
    was delivered, a struct that only quarantine turns into text; `source_file` and `source_row_number`
    say where the row stands.

    A missing table or column, an empty table, or a type that cannot be cast stops the run here,
    before anything is built, with one line that starts with "Extracts: ".
-#}
{% macro register_extracts() %}
    {% if execute and target.database != 'memory' and flags.WHICH in ['build', 'run', 'test', 'seed', 'show'] %}
        {% set sources = [] %}
        {% for source in graph.sources.values() | sort(attribute='name') if source.source_name != 'intake' %}
            {% do sources.append(source) %}
        {% endfor %}
        {% set delivered = folder_contents(sources) %}
        {% set extracts = [] %}
        {% for source in sources %}
            {% do extracts.append(extract_view(source, delivered[source.name])) %}
        {% endfor %}
        {% set last_files = last_input_files() %}
        {% do run_query('create schema if not exists extracts') %}
        {% do run_query(found_files(extracts, last_files)) %}
        {% do check_files(extracts, last_files) %}
        {#- Until the checks pass, extracts.files still lists the files of the last build. -#}
        {% do run_query(published_extracts(extracts)) %}
    {% endif %}
{% endmacro %}

{#- The statements that make the views, and that replace the files and checks of the last build. -#}
{% macro published_extracts(extracts) %}
    {% for extract in extracts %}
        {{ extract.statement }};
    {% endfor %}
    {% for table in ['files', 'checks'] %}
        create or replace table extracts.{{ table }} as select * from extracts.found_{{ table }};
        drop table extracts.found_{{ table }};
    {% endfor %}
{% endmacro %}

{#-
    What the folder holds for each source, by its name: the number of files and of rows, the column
    types by column name, columns whose files disagree about the type (`mixed_types`), and the first
    file without a required column (`short_file`). Each statement asks about all tables at once.
-#}
{% macro folder_contents(sources) %}
    {% set delivered = {} %}
    {% for source in sources %}
        {% do delivered.update({source.name: {
            'folder': extract_folder() ~ '/' ~ source.name, 'files': 0, 'rows': 0, 'types': {}, 'mixed_types': {}, 'short_file': none,
        }}) %}
    {% endfor %}
    {% set counted_files %}
        {% for source in sources %}
        {{ 'union all' if not loop.first }}
        select '{{ source.name }}', count(*) from glob({{ parquet_files(delivered[source.name].folder) }})
        {% endfor %}
    {% endset %}
    {% for row in run_query(counted_files) %}
        {% do delivered[row[0]].update({'files': row[1] | int}) %}
    {% endfor %}
    {% set present = [] %}
    {% for source in sources %}
        {% if delivered[source.name].files %}
            {% do present.append(source) %}
        {% elif source.config.meta.get('required', false) %}
            {{ extracts_error('table ' ~ source.name ~ ' is required, but there is no Parquet file in '
                ~ delivered[source.name].folder ~ ': put the extract there, or set BEHAVIORAL_DATA_DIR to the folder of extracts') }}
        {% endif %}
    {% endfor %}
    {% if present %}
        {% for row in run_query(read_types(present)) %}
            {% do delivered[row[0]].types.update({row[1]: row[2]}) %}
        {% endfor %}
        {% for row in run_query(counted_rows(present)) %}
            {% do delivered[row[0]].update({'rows': row[1] | int}) %}
        {% endfor %}
        {% for row in run_query(mixed_types(present)) %}
            {% do delivered[row[0]].mixed_types.update({row[1]: row[2]}) %}
        {% endfor %}
        {% set short_files = short_files(present, delivered) %}
        {% for row in (run_query(short_files) if short_files | trim else []) if delivered[row[0]].short_file is none %}
            {% do delivered[row[0]].update({'short_file': {'column': row[1], 'data_type': row[2], 'file': row[3]}}) %}
        {% endfor %}
    {% endif %}
    {{ return(delivered) }}
{% endmacro %}

{#- The columns of each table and their types, read over all files of the table, in the order of the columns. -#}
{% macro read_types(sources) %}
    select
        source_table,
        column_name,
        column_type
    from (
        {% for source in sources %}
        {{ 'union all' if not loop.first }}
        select
            '{{ source.name }}' as source_table,
            row_number() over () as place,
            lower(column_name) as column_name,
            replace(column_type, '"', '') as column_type
        from (describe select * from {{ read_extract(extract_folder() ~ '/' ~ source.name) }})
        {% endfor %}
    ) as described
    order by source_table, place
{% endmacro %}

{#- The rows of each table, as the ends of its files count them. -#}
{% macro counted_rows(sources) %}
    {% for source in sources %}
    {{ 'union all' if not loop.first }}
    select '{{ source.name }}', cast(sum(num_rows) as bigint) from parquet_file_metadata({{ parquet_files(extract_folder() ~ '/' ~ source.name) }})
    {% endfor %}
{% endmacro %}

{#- The columns of the files, and the parts of nested columns. -#}
{% macro file_columns(sources) %}
    {% for source in sources %}
    {{ 'union all' if not loop.first }}
    select
        '{{ source.name }}' as source_table,
        parse_filename(file_name) as source_file,
        lower(name) as column_name,
        duckdb_type
    from parquet_schema({{ parquet_files(extract_folder() ~ '/' ~ source.name) }})
    {% endfor %}
{% endmacro %}

{#-
    Columns that some files of a table hold as fractions and others as text: a row per column, with its
    types. Read together they are text, and the 7 of one file would be the 7.0 of another.
-#}
{% macro mixed_types(sources) %}
    select
        source_table,
        column_name,
        string_agg(distinct duckdb_type, ' and ' order by duckdb_type)
    from ({{ file_columns(sources) }}) as file_columns
    where duckdb_type is not null
    group by source_table, column_name
    having
        count(case when duckdb_type = 'VARCHAR' then 1 end) > 0
        and count(case when duckdb_type in ('DOUBLE', 'FLOAT') or duckdb_type like 'DECIMAL%' then 1 end) > 0
{% endmacro %}

{#-
    Required columns that a file lacks, in tables of several files, in the order of the declaration and
    the file names: read with the other files, the column would be NULL. Empty where no table has several files.
-#}
{% macro short_files(sources, delivered) %}
    {% set several, required = [], [] %}
    {% for source in sources if delivered[source.name].files > 1 %}
        {% do several.append(source) %}
        {% for column in source.columns.values() if column.config.meta.get('required', false) %}
            {% do required.append("('" ~ source.name ~ "', '" ~ column.name ~ "', '" ~ column.data_type ~ "', " ~ loop.index ~ ")") %}
        {% endfor %}
    {% endfor %}
    {% if required %}
    with file_columns as (
        {{ file_columns(several) }}
    ),
    files as (
        select distinct source_table, source_file from file_columns
    ),
    required_columns (source_table, column_name, data_type, place) as (
        values {{ required | join(', ') }}
    )
    select
        source_table,
        required_columns.column_name,
        required_columns.data_type,
        files.source_file
    from required_columns
    inner join files using (source_table)
    where not exists (
        select 1
        from file_columns
        where
            file_columns.source_table = required_columns.source_table
            and file_columns.source_file = files.source_file
            and file_columns.column_name = lower(required_columns.column_name)
    )
    order by source_table, required_columns.place, files.source_file
    {% endif %}
{% endmacro %}

{#-
    One source: its name, its folder, the names and types of its columns as one text, the statement that
    makes its view, its text columns, and the column that says when things happened. Raises where the
    files break the contract.
-#}
{% macro extract_view(source, delivered) %}
    {% set folder, files, found_types, mixed_types = delivered.folder, delivered.files, delivered.types, delivered.mixed_types %}
    {% if files and 'file_row_number' in found_types %}
        {{ extracts_error('table ' ~ source.name ~ ' has a column file_row_number in ' ~ folder
            ~ ', which is how the engine calls the place of a row in its file: deliver it under another name') }}
    {% endif %}
    {% if files and delivered.rows == 0 and source.config.meta.get('required', false) %}
        {{ extracts_error('table ' ~ source.name ~ ' is required, but the files in ' ~ folder
            ~ ' hold no rows: deliver the extract again') }}
    {% endif %}
    {% if delivered.short_file %}
        {{ extracts_error('table ' ~ source.name ~ ' has no column ' ~ delivered.short_file.column ~ ' (expected '
            ~ delivered.short_file.data_type ~ ', found nothing) in ' ~ folder ~ '/' ~ delivered.short_file.file
            ~ ': add the column to the file') }}
    {% endif %}

    {% set columns = [] %}
    {% set uncastable = [] %}
    {% set text_columns = [] %}
    {% for column in source.columns.values() %}
        {% set found_type = found_types.get(column.name | lower) %}
        {% if found_type is none and files and column.config.meta.get('required', false) %}
            {{ extracts_error('table ' ~ source.name ~ ' has no column ' ~ column.name ~ ' (expected '
                ~ column.data_type ~ ', found nothing) in ' ~ folder ~ ': add the column to the extract') }}
        {% endif %}
        {% if column.data_type == 'varchar' and column.name | lower in mixed_types %}
            {{ extracts_error('table ' ~ source.name ~ ', column ' ~ column.name ~ ': expected one type, found '
                ~ mixed_types[column.name | lower] ~ ' in the files of ' ~ folder
                ~ ': deliver it as text in all of them') }}
        {% endif %}
        {% set value = read_column(column.name, found_type, column.data_type) %}
        {% if value is none %}
            {{ extracts_error('table ' ~ source.name ~ ', column ' ~ column.name ~ ': expected '
                ~ column.data_type ~ ', found ' ~ found_type ~ ', which cannot be cast, in ' ~ folder
                ~ ': deliver the column with the expected type') }}
        {% endif %}
        {% do columns.append(value ~ ' as ' ~ column.name | lower) %}
        {% if column.data_type == 'varchar' %}
            {% do text_columns.append({
                'name': column.name | lower, 'is_never_a_number': column.config.meta.get('never_a_number', false),
            }) %}
        {% endif %}
        {% if found_type and column.data_type != 'varchar' and value != quoted(column.name) %}
            {% do uncastable.append("case when " ~ value ~ " is null and "
                ~ text_id("cast(" ~ quoted(column.name) ~ " as varchar)") ~ " is not null then '"
                ~ column.name | lower ~ "' end") %}
        {% endif %}
    {% endfor %}
    {% set uncastable_columns = "coalesce(" ~ uncastable | join(', ') ~ ")" if uncastable else "cast(null as varchar)" %}

    {% set statement %}
        create or replace view extracts.{{ source.name }} as
        select
            {{ columns | join(',\n            ') }},
            {{ uncastable_columns }} as uncastable_columns,
            {% if files %}
            {# A column `filename` of the extract hides that of the engine. #}
            {% if 'filename' in found_types %}
            parse_filename(delivered.{{ file_column() }}) as source_file,
            {% else %}
            parse_filename(delivered.filename) as source_file,
            {% endif %}
            delivered.file_row_number as source_row_number,
            {% if 'filename' in found_types %}
            struct_pack({% for name in found_types %}"{{ name }}" := delivered."{{ name }}"{{ ', ' if not loop.last }}{% endfor %})
                as source_row
            {% else %}
            delivered as source_row
            {% endif %}
        from {{ read_extract(folder, file_column() if 'filename' in found_types else '') }} as delivered
            {% else %}
            cast(null as varchar) as source_file,
            cast(null as bigint) as source_row_number,
            cast(null as struct(nothing varchar)) as source_row
        where false
            {% endif %}
    {% endset %}
    {{ return({
        'name': source.name, 'folder': folder if files else none, 'types': found_types | string, 'statement': statement,
        'text_columns': text_columns, 'dated_by': source.config.meta.get('dated_by', '') | lower,
    }) }}
{% endmacro %}

{#-
    The statement that lists the files of the extracts, one row per file: size, time of the last change,
    rows, SHA-256, columns, first and last day by the statistics of the file, and a fingerprint of
    everything that the rows read from it depend on: the content of the file, the types of the columns,
    the code that reads it, and the engine. A file with the size and time of the last build is not hashed
    again, except in a full refresh.
-#}
{% macro found_files(extracts, last_files) %}
    {% set known_files = last_files and not flags.FULL_REFRESH %}
    create or replace table extracts.found_files as
    with found as (
        {% for extract in extracts if extract.folder %}
        {{ 'union all' if not loop.first }}
        select
            '{{ extract.name }}' as source_table,
            filename,
            parse_filename(filename) as source_file,
            cast(size as bigint) as size_bytes,
            last_modified at time zone 'UTC' as modified_at,
            {{ text_literal(extract.types) }} as read_types,
            {{ text_literal(extract.dated_by) }} as dated_by
        from read_blob({{ parquet_files(extract.folder) }})
        {% endfor %}
    ),
    counted as (
        {% for extract in extracts if extract.folder %}
        {{ 'union all' if not loop.first }}
        select
            file_name as filename,
            cast(num_rows as bigint) as rows_in
        from parquet_file_metadata({{ parquet_files(extract.folder) }})
        {% endfor %}
    ),
    -- The columns of a file and the parts of nested columns: a column stands before its parts.
    elements as (
        {% for extract in extracts if extract.folder %}
        {{ 'union all' if not loop.first }}
        select
            file_name as filename,
            column_id,
            lower(name) as name,
            replace(duckdb_type, '"', '') as type,
            coalesce(cast(num_children as bigint), 0) - 1 as parts_to_come
        from parquet_schema({{ parquet_files(extract.folder) }})
        where column_id > 0
        {% endfor %}
    ),
    summed as (
        select
            filename,
            column_id,
            name,
            type,
            coalesce(sum(parts_to_come) over (
                partition by filename order by column_id rows between unbounded preceding and 1 preceding
            ), 0) as parts_to_come
        from elements
    ),
    -- A column begins where fewer parts are to come than at any place before.
    placed as (
        select
            filename,
            column_id,
            name,
            type,
            parts_to_come < coalesce(min(parts_to_come) over (
                partition by filename order by column_id rows between unbounded preceding and 1 preceding
            ), 1) as is_column
        from summed
    ),
    described as (
        select
            filename,
            list({'name': name, 'type': type} order by column_id) as column_list,
            string_agg(name || ' ' || type, ', ' order by column_id) as column_types
        from placed
        where is_column
        group by filename
    ),
    -- The days are unknown where a part of the file has no statistics, unless the column is empty.
    dated as (
        {% for extract in extracts if extract.folder %}
        {{ 'union all' if not loop.first }}
        select
            file_name as filename,
            lower(path_in_schema) as name,
            min(try_cast(stats_min_value as timestamptz)) as earliest_at,
            max(try_cast(stats_max_value as timestamptz)) as latest_at,
            bool_and(
                coalesce(stats_null_count = num_values, false)
                or (try_cast(stats_min_value as timestamptz) is not null and try_cast(stats_max_value as timestamptz) is not null)
            ) as is_known
        from parquet_metadata({{ parquet_files(extract.folder) }})
        where lower(path_in_schema) = {{ text_literal(extract.dated_by) }}
        group by file_name, lower(path_in_schema)
        {% endfor %}
    ),
    {% if known_files %}
    known as (
        select
            found.filename,
            last_files.sha256
        from found
        inner join {{ last_files }} as last_files
            on
                last_files.folder_digest = getvariable('folder_digest')
                and last_files.source_table = found.source_table
                and last_files.source_file = found.source_file
                and last_files.size_bytes = found.size_bytes
                and last_files.modified_at = found.modified_at
    ),
    {% endif %}
    hashed as (
        select
            unnest(filenames) as filename,
            unnest(file_hashes(filenames)) as sha256
        from (
            select list(found.filename) as filenames
            from found
            {% if known_files %}
            where found.filename not in (select known.filename from known)
            {% endif %}
        ) as listed
        {% if known_files %}
        union all
        select * from known
        {% endif %}
    ),
    united as (
        select
            found.source_table,
            found.source_file,
            found.size_bytes,
            found.modified_at,
            counted.rows_in,
            hashed.sha256,
            described.column_list,
            described.column_types,
            found.read_types,
            case when is_time and dated.is_known then cast(dated.earliest_at at time zone 'UTC' as date) end as earliest_date,
            case when is_time and dated.is_known then cast(dated.latest_at at time zone 'UTC' as date) end as latest_date
        from found
        inner join counted using (filename)
        inner join hashed using (filename)
        inner join described using (filename)
        -- Most tables have no such column.
        left join dated using (filename)
        left join (
            select
                filename,
                name,
                type = 'DATE' or starts_with(type, 'TIMESTAMP') as is_time
            from placed
            where is_column
        ) as kinds
            on
                kinds.filename = found.filename
                and kinds.name = found.dated_by
    )
    select
        source_table,
        source_file,
        size_bytes,
        modified_at,
        rows_in,
        sha256,
        column_list,
        column_types,
        earliest_date,
        latest_date,
        getvariable('folder_digest') as folder_digest,
        {{ surrogate_key(['sha256', 'read_types', "getvariable('reading_digest')", 'version()']) }} as fingerprint
    from united
    order by source_table, source_file
{% endmacro %}

{#- The files of the last build; none if there are none, or if an older version of found_files listed them. -#}
{% macro last_input_files() %}
    {% set relation = api.Relation.create(database=target.database, schema='extracts', identifier='files') %}
    {% set last_files = last_build_relation(relation) %}
    {% if last_files %}
        {% for row in run_query('describe ' ~ last_files) if row[0] == 'folder_digest' %}
            {{ return(last_files) }}
        {% endfor %}
    {% endif %}
    {{ return(none) }}
{% endmacro %}

{#- The folder of the extracts. -#}
{% macro extract_folder() -%}
    {{ return(env_var('BEHAVIORAL_DATA_DIR', 'data')) }}
{%- endmacro %}

{#- The files of one table's folder as a relation; `file_column` replaces `filename` as the name of a row's file. -#}
{% macro read_extract(folder, file_column='') -%}
    read_parquet({{ parquet_files(folder) }}, union_by_name = true, binary_as_string = true
    {{- ", filename = '" ~ file_column ~ "'" if file_column }})
{%- endmacro %}

{#- The column with the file of a row, for extracts that have a column `filename` of their own. -#}
{% macro file_column() -%}
    file_of_the_row
{%- endmacro %}

{#- The pattern of a folder's Parquet files, as a literal; the name of the folder itself is escaped. -#}
{% macro parquet_files(folder) -%}
    {{ text_literal(modules.re.sub('([*?[])', '[\\1]', folder) ~ '/*.parquet') }}
{%- endmacro %}

{% macro text_literal(text) -%}
    '{{ text | replace("'", "''") }}'
{%- endmacro %}

{% macro quoted(column) -%}
    delivered."{{ column }}"
{%- endmacro %}

{#- A delivered column as the declared type; none if the found type cannot be cast. -#}
{% macro read_column(name, found_type, declared_type) %}
    {% set column = quoted(name) %}
    {% set family = type_family(found_type) %}
    {% if found_type is none or found_type == 'NULL' %}
        {#- A column without any value may have no type. -#}
        {{ return('cast(null as ' ~ declared_type ~ ')') }}
    {% elif family == 'nested' %}
        {{ return(none) }}
    {% elif declared_type == 'varchar' %}
        {% if family == 'text' %}
            {{ return(column) }}
        {% elif family == 'fraction' %}
            {#- 7.0 is the id 7; NaN is how data frames write a missing number. -#}
            {{ return("case when isnan(cast(" ~ column ~ " as double)) then null when " ~ column ~ " = trunc(" ~ column
                ~ ") and abs(" ~ column ~ ") < 1e18 then cast(cast(" ~ column ~ " as bigint) as varchar) else cast("
                ~ column ~ " as varchar) end") }}
        {% else %}
            {{ return('cast(' ~ column ~ ' as varchar)') }}
        {% endif %}
    {% endif %}
    {% if family == 'text' %}
        {% set column = text_id(column) %}
    {% endif %}
    {% if declared_type == 'bigint' %}
        {% if family == 'integer' or family == 'boolean' %}
            {{ return('try_cast(' ~ column ~ ' as bigint)') }}
        {% elif family == 'fraction' or family == 'text' %}
            {% set number = 'try_cast(' ~ column ~ ' as double)' %}
            {{ return('case when ' ~ number ~ ' = trunc(' ~ number ~ ') then try_cast(' ~ number ~ ' as bigint) end') }}
        {% endif %}
    {% elif declared_type.startswith('decimal') or declared_type == 'double' %}
        {% if family in ['integer', 'fraction', 'text'] %}
            {{ return('try_cast(' ~ column ~ ' as ' ~ declared_type ~ ')') }}
        {% endif %}
    {% elif declared_type == 'boolean' %}
        {% if family in ['boolean', 'integer', 'text'] %}
            {{ return(column if family == 'boolean' else 'try_cast(' ~ column ~ ' as boolean)') }}
        {% endif %}
    {% elif declared_type == 'timestamp' %}
        {% if found_type == 'TIMESTAMP' %}
            {{ return(column) }}
        {% elif found_type == 'TIMESTAMP WITH TIME ZONE' %}
            {{ return(column ~ " at time zone 'UTC'") }}
        {% elif family == 'time' %}
            {{ return('cast(' ~ column ~ ' as timestamp)') }}
        {% elif family == 'text' %}
            {{ return(iso_timestamp(column)) }}
        {% endif %}
    {% endif %}
    {{ return(none) }}
{% endmacro %}

{% macro type_family(found_type) %}
    {% if found_type is none %}
        {{ return(none) }}
    {% elif found_type in ['VARCHAR', 'JSON', 'UUID'] or found_type.startswith('ENUM') %}
        {{ return('text') }}
    {% elif found_type.endswith('INT') or found_type == 'INTEGER' or found_type == 'UINTEGER' %}
        {{ return('integer') }}
    {% elif found_type in ['DOUBLE', 'FLOAT'] or (found_type.startswith('DECIMAL') and not found_type.endswith('[]')) %}
        {{ return('fraction') }}
    {% elif found_type == 'BOOLEAN' %}
        {{ return('boolean') }}
    {% elif found_type == 'DATE' or (found_type.startswith('TIMESTAMP') and not found_type.endswith('[]')) %}
        {{ return('time') }}
    {% endif %}
    {{ return('nested') }}
{% endmacro %}

{% macro extracts_error(message) %}
    {{ exceptions.raise_compiler_error('Extracts: ' ~ message) }}
{% endmacro %}
