{#-
    The extract folder as views, one per source table, in the shape that the source's YAML declares
    (docs/interface.md, section 1; F13). Only this file, and scripts/enrichment/delivered_files.py which lists the
    folder, know where the files are.

    A view has the declared columns under their declared names and types. Text that a column's type
    cannot hold reads as NULL, and `uncastable_columns` names the column. `is_deleted_at_source` is true where
    one of the columns that mark deleted rows is. `source_row` is the row as it was delivered, a struct
    that only quarantine turns into text; `source_file` (the path below the table's folder) and
    `source_row_number` say where the row stands.

    A table's files may be Parquet and CSV, and of several shapes. Files of one shape (the same columns of the same
    types) are read together as an *arm*, and each arm is cast to the declared types on its own: read together, an
    integer beside a fraction would become a fraction, and ids beyond 2^53 would become equal.

    A missing table or column, an empty table, a type that cannot be cast, or a CSV row that does not fit stops
    the run here, before anything is built, with one line that starts with "Extracts: ".
-#}
{% macro register_extracts() %}
    {% if execute and target.database != 'memory' and flags.WHICH in ['build', 'run', 'test', 'seed', 'show'] %}
        {% set sources = [] %}
        {% for source in graph.sources.values() | sort(attribute='name') if source.source_name != 'intake' %}
            {% do sources.append(source) %}
        {% endfor %}
        {% set last_files = last_input_files() %}
        {% do run_query('create schema if not exists private.extracts') %}
        {% do list_files(sources) %}
        {% set delivered = folder_contents(sources) %}
        {% set extracts = [] %}
        {% for source in sources %}
            {% do extracts.append(extract_view(source, delivered[source.name])) %}
        {% endfor %}
        {% do run_query(found_files(extracts, last_files)) %}
        {% do check_rows(sources) %}
        {% do check_files(extracts, last_files) %}
        {% do check_voter_ids(extracts) %}
        {#- Until the checks pass, extracts.files still lists the files of the last build. -#}
        {% do run_query(published_extracts(extracts)) %}
    {% endif %}
{% endmacro %}

{#- The statements that make the views, and that replace the files and checks of the last build. -#}
{% macro published_extracts(extracts) %}
    {% for extract in extracts %}
        create or replace view private.extracts.{{ extract.name }} as
        {{ extract.query }};
    {% endfor %}
    {% for table in ['files', 'checks', 'phone_forms'] %}
        create or replace table private.extracts.{{ table }} as select * from private.extracts.found_{{ table }};
        drop table private.extracts.found_{{ table }};
    {% endfor %}
    drop table private.extracts.listed_files;
    drop table private.extracts.listed_columns;
{% endmacro %}

{#-
    Lists everything beneath the folders of the tables in extracts.listed_files, and the columns of the files that are
    read in extracts.listed_columns. Raises if a file is broken, or if a required table has none.
-#}
{% macro list_files(sources) %}
    {% set tables = {} %}
    {% for source in sources %}
        {% set names = deletion_marks() | list %}
        {% for column in source.columns.values() %}
            {% do names.append(column.name | lower) %}
        {% endfor %}
        {% do tables.update({source.name: names}) %}
    {% endfor %}
    {% set listed_files %}
        create or replace table private.extracts.listed_files as
        select unnest(
            delivered_files({{ text_literal(tojson({'folder': extract_folder(), 'tables': tables})) }}),
            recursive := true
        )
    {% endset %}
    {% do run_query(listed_files) %}
    {% for row in run_query("select source_table, source_file, reason from private.extracts.listed_files where kind = 'broken' order by all limit 1") %}
        {{ extracts_error('file ' ~ row[0] ~ ('/' ~ row[1] if row[1] else '') ~ ': ' ~ row[2] ~ ': deliver it again') }}
    {% endfor %}
    {% set found = run_query("select distinct source_table from private.extracts.listed_files where kind in ('parquet', 'csv')").columns[0].values() %}
    {% for source in sources if source.name not in found and source.config.meta.get('required', false) %}
        {% set folder = extract_folder() ~ '/' ~ source.name %}
        {{ extracts_error('table ' ~ source.name ~ ' is required, but there is no Parquet file and no CSV file in '
            ~ folder ~ ': put the extract there, or set BEHAVIORAL_DATA_DIR to the folder of extracts') }}
    {% endfor %}
    {% do run_query(listed_columns()) %}
{% endmacro %}

{#- The paths of a query's first column, as a list literal of patterns that mean only these files. -#}
{% macro files_literal(paths) -%}
    [{% for path in paths %}{{ text_literal(as_pattern(path)) }}{{ ', ' if not loop.last }}{% endfor %}]
{%- endmacro %}

{#- A path as a file pattern of the engine that means only this file. -#}
{% macro as_pattern(path) -%}
    {{ modules.re.sub('([*?[])', '[\\1]', path) }}
{%- endmacro %}

{#-
    The statement that lists the columns of all files. Of a Parquet file they are the elements of its schema that are no
    parts of others: a column stands before its parts. A CSV file's columns are text.
-#}
{% macro listed_columns() %}
    {% set paths = run_query("select path from private.extracts.listed_files where kind = 'parquet' order by path").columns[0].values() | list %}
    create or replace table private.extracts.listed_columns as
    with delivered as (
        select * from private.extracts.listed_files
    ),
    {% if paths %}
    elements as (
        select
            file_name as path,
            column_id,
            name,
            replace(duckdb_type, '"', '') as type,
            coalesce(cast(num_children as bigint), 0) - 1 as parts_to_come
        from parquet_schema({{ files_literal(paths) }})
        where column_id > 0
    ),
    summed as (
        select
            *,
            coalesce(sum(parts_to_come) over (
                partition by path order by column_id rows between unbounded preceding and 1 preceding
            ), 0) as parts_before
        from elements
    ),
    -- A column begins where fewer parts are to come than at any place before.
    placed as (
        select
            *,
            parts_before < coalesce(min(parts_before) over (
                partition by path order by column_id rows between unbounded preceding and 1 preceding
            ), 1) as is_column
        from summed
    ),
    {% endif %}
    columns_of_files as (
        select
            path,
            unnest(range(len("columns"))) as column_id,
            unnest("columns") as name,
            'TEXT' as type
        from delivered
        where kind = 'csv'
        {% if paths %}
        union all
        select
            path,
            column_id,
            name,
            type
        from placed
        where is_column
        {% endif %}
    )
    select
        delivered.source_table,
        delivered.source_file,
        delivered.path,
        delivered.kind,
        columns_of_files.column_id,
        columns_of_files.name,
        lower(columns_of_files.name) as column_name,
        columns_of_files.type
    from columns_of_files
    inner join delivered using (path)
{% endmacro %}

{#-
    What the folder holds for each source, by its name: the folder, the number of files, the arms in the order of their
    first files, columns whose files disagree about the type (`mixed_types`), and columns that a file has twice.
    An arm has its kind, its paths with the files' names, the names of its columns as they are written, their types by name
    in lower case, and the names in its folders (`year=2026`).
-#}
{% macro folder_contents(sources) %}
    {% set delivered = {} %}
    {% for source in sources %}
        {% do delivered.update({source.name: {
            'folder': extract_folder() ~ '/' ~ source.name, 'files': 0, 'arms': [], 'mixed_types': {}, 'repeated': {},
        }}) %}
    {% endfor %}
    {% set arms = [] %}
    {% for row in run_query(shapes_of_files()) %}
        {% set arm = {
            'number': loop.index, 'table': row[0], 'kind': row[1], 'names': fromjson(row[2]), 'paths': fromjson(row[3]), 'files': fromjson(row[4]),
            'readers': fromjson(row[5]), 'folder_names': fromjson(row[6]), 'types': {},
        } %}
        {% do arms.append(arm) %}
        {% do delivered[arm.table].arms.append(arm) %}
        {% do delivered[arm.table].update({'files': delivered[arm.table].files + arm.paths | length}) %}
        {% if arm.kind == 'csv' %}
            {% for name in arm.names %}
                {% do arm.types.update({name | lower: 'VARCHAR'}) %}
            {% endfor %}
        {% endif %}
    {% endfor %}
    {% set types = read_types(arms | selectattr('kind', 'equalto', 'parquet') | list) %}
    {% for row in (run_query(types) if types | trim else []) %}
        {% do arms[row[0] - 1].types.update({row[1]: row[2]}) %}
    {% endfor %}
    {% for row in run_query(mixed_types()) %}
        {% do delivered[row[0]].mixed_types.update({row[1]: row[2]}) %}
    {% endfor %}
    {% set repeated %}
        select
            source_table,
            column_name,
            min(source_file)
        from private.extracts.listed_columns
        group by source_table, path, column_name
        having count(*) > 1
    {% endset %}
    {% for row in run_query(repeated) %}
        {% do delivered[row[0]].repeated.update({row[1]: row[2]}) %}
    {% endfor %}
    {{ return(delivered) }}
{% endmacro %}

{#- A row for each shape of a table's files, lists as JSON: files of one shape can be read together. -#}
{% macro shapes_of_files() %}
    with described as (
        select
            path,
            list(name order by column_id) as names,
            -- The columns of a CSV file are read by their place.
            string_agg(column_name || ' ' || type, ', ' order by case when kind = 'csv' then column_id end, column_name) as shape
        from private.extracts.listed_columns
        group by path
    ),
    placed as (
        select
            *,
            list_transform(
                list_filter(string_split(source_file, '/')[:-2], lambda part: contains(part, '=')),
                lambda part: lower(string_split(part, '=')[1])
            ) as folder_names
        from private.extracts.listed_files
        where kind in ('parquet', 'csv')
    )
    select
        placed.source_table,
        placed.kind,
        cast(to_json(min_by(described.names, placed.source_file)) as varchar),
        cast(to_json(list(placed.path order by placed.source_file)) as varchar),
        cast(to_json(list(placed.source_file order by placed.source_file)) as varchar),
        cast(to_json(list(placed.reader order by placed.source_file)) as varchar),
        cast(to_json(placed.folder_names) as varchar)
    from placed
    inner join described using (path)
    group by placed.source_table, placed.kind, described.shape, placed.folder_names
    order by placed.source_table, min(placed.source_file)
{% endmacro %}

{#- The columns of each arm of Parquet files and their types, as the engine reads them. -#}
{% macro read_types(arms) %}
    {% if arms %}
    select
        arm_number,
        column_name,
        column_type
    from (
        {% for arm in arms %}
        {{ 'union all' if not loop.first }}
        select
            {{ arm.number }} as arm_number,
            row_number() over () as place,
            lower(column_name) as column_name,
            replace(column_type, '"', '') as column_type
        from (describe select * from {{ read_parquet_files(arm.paths[:1]) }})
        {% endfor %}
    ) as described
    order by arm_number, place
    {% endif %}
{% endmacro %}

{#-
    Columns that some Parquet files of a table hold as fractions and others as text: a row per column, with its
    types. The 7 of one file may be the 7.0 of another, and nobody can say what else the fractions have lost.
-#}
{% macro mixed_types() %}
    select
        source_table,
        column_name,
        string_agg(distinct type, ' and ' order by type)
    from private.extracts.listed_columns
    where kind = 'parquet'
    group by source_table, column_name
    having
        count(case when type = 'VARCHAR' then 1 end) > 0
        and count(case when type in ('DOUBLE', 'FLOAT') or type like 'DECIMAL%' then 1 end) > 0
{% endmacro %}

{#- Optional columns of every table. A row with a true one was deleted where it comes from. -#}
{% macro deletion_marks() %}
    {{ return(['_fivetran_deleted', '_deleted', 'is_deleted']) }}
{% endmacro %}

{#-
    One source: its name, its arms, the names and types of its columns as one text, the query of
    its view, its text columns, the column that says when things happened, and what reads one arm of it. Raises where the
    files break the contract.
-#}
{% macro extract_view(source, delivered) %}
    {% do check_columns(source, delivered) %}
    {% set arms = delivered.arms %}
    {% set row_types = types_of_rows(arms) %}
    {% set is_one_shape = arms | length == 1 and arms[0].kind == 'parquet' and 'filename' not in arms[0].types %}
    {% set text_columns = [] %}
    {% for column in source.columns.values() if column.data_type == 'varchar' %}
        {% do text_columns.append({
            'name': column.name | lower, 'is_never_a_number': column.config.meta.get('never_a_number', false),
        }) %}
    {% endfor %}
    {% for arm in arms %}
        {% set row_type = arm.types | string if is_one_shape else arm.types | string ~ ' of ' ~ row_types | string %}
        {% do arm.update({'read_types': row_type}) %}
    {% endfor %}

    {% set query %}
        {% for arm in arms or [none] %}
        {{ 'union all' if not loop.first }}
        {{ read_arm(source, delivered, arm, none if is_one_shape else row_types) }}
        {% endfor %}
    {% endset %}
    {{ return({
        'name': source.name, 'arms': arms, 'query': query,
        'text_columns': text_columns, 'dated_by': source.config.meta.get('dated_by', '') | lower,
        'source': source, 'delivered': delivered, 'row_types': none if is_one_shape else row_types,
    }) }}
{% endmacro %}

{#- The query that reads an arm, or an absent table (`none`), with the columns of the view. -#}
{% macro read_arm(source, delivered, arm, row_types) %}
    {% set columns, uncastable, marks = [], [], [] %}
    {% for column in source.columns.values() %}
        {% set read = read_declared(source, delivered, arm, column.name, column.data_type) %}
        {% do columns.append(read.value ~ ' as ' ~ column.name | lower) %}
        {% if read.uncastable %}
            {% do uncastable.append(read.uncastable) %}
        {% endif %}
    {% endfor %}
    {% for name in deletion_marks() if arm and (name in arm.types or name in arm.folder_names) %}
        {% set read = read_declared(source, delivered, arm, name, 'boolean') %}
        {% do marks.append("coalesce(" ~ read.value ~ ", false)") %}
        {% if read.uncastable %}
            {% do uncastable.append(read.uncastable) %}
        {% endif %}
    {% endfor %}
    select
        {{ columns | join(',\n        ') }},
        {{ "coalesce(" ~ uncastable | join(', ') ~ ")" if uncastable else "cast(null as varchar)" }} as uncastable_columns,
        {{ "(" ~ marks | join(' or ') ~ ")" if marks else 'false' }} as is_deleted_at_source,
        {% if arm %}
        {{ name_of_file(delivered, arm) }} as source_file,
        delivered.file_row_number as source_row_number,
        {% if row_types is none %}
        delivered as source_row
        {% else %}
        struct_pack({% for name, row in row_types.items() -%}
            "{{ row.name | replace('"', '""') }}" := {% if name in arm.types -%}
                cast({{ quoted(name) }} as {{ row.type }})
            {%- else -%}
                cast(null as {{ row.type }})
            {%- endif %}{{ ', ' if not loop.last }}
        {%- endfor %}) as source_row
        {% endif %}
    from {{ read_files(delivered, arm) }} as delivered
        {% else %}
        cast(null as varchar) as source_file,
        cast(null as bigint) as source_row_number,
        cast(null as struct(nothing varchar)) as source_row
    where false
        {% endif %}
{% endmacro %}

{#-
    A declared column of an arm: its value as SQL, and SQL that names the column where its text cannot be cast. A column
    that the files lack may stand in the names of their folders (`client_shortname=acme/part-0.parquet`). Raises if the
    type cannot be cast.
-#}
{% macro read_declared(source, delivered, arm, name, data_type) %}
    {% set found_type = arm.types.get(name | lower) if arm else none %}
    {% set column = quoted(name) %}
    {% if arm and found_type is none and name | lower in arm.folder_names %}
        {% set found_type = 'VARCHAR' %}
        {% set column %}nullif(nullif(url_decode(regexp_extract({{ name_of_file(delivered, arm) }}, '(?i)(?:^|/){{ name }}=([^/]*)/', 1)), '__HIVE_DEFAULT_PARTITION__'), ''){% endset %}
    {% endif %}
    {% set value = read_column(column, found_type, data_type) %}
    {% if arm and arm.kind == 'csv' and data_type == 'varchar' and (name | lower == 'id' or (name | lower).endswith('_id')) %}
        {% set value = whole_number_id(value) %}
    {% endif %}
    {% if value is none %}
        {{ extracts_error('table ' ~ source.name ~ ', column ' ~ name ~ ': expected ' ~ data_type ~ ', found '
            ~ found_type ~ looks_like(arm, name, found_type, data_type) ~ ', which cannot be cast, in '
            ~ delivered.folder ~ '/' ~ arm.files[0] ~ ': deliver the column with the expected type'
            ~ (', or as ISO 8601 text' if data_type == 'timestamp' else '')) }}
    {% endif %}
    {% set is_cast = found_type and data_type != 'varchar' and value != column %}
    {{ return({'value': value, 'uncastable': "case when " ~ value ~ " is null and "
        ~ text_id("cast(" ~ column ~ " as varchar)") ~ " is not null then '" ~ name | lower ~ "' end" if is_cast else none}) }}
{% endmacro %}

{#- An id of a CSV file: where a program has written a number as 7.0, it is 7. -#}
{% macro whole_number_id(text) -%}
    case when contains({{ text }}, '.') and regexp_full_match({{ text }}, '\s*[0-9]+[.]0+\s*') then regexp_replace({{ text }}, '[.]0+', '') else {{ text }} end
{%- endmacro %}

{#- What numbers in place of times look like, for a message; their size says it. Empty if they look like nothing. -#}
{% macro looks_like(arm, name, found_type, data_type) %}
    {% if data_type != 'timestamp' or type_family(found_type) not in ['integer', 'fraction'] %}
        {{ return('') }}
    {% endif %}
    {% set query %}
        select
            case
                when largest between 19000101 and 21001231 then 'days written as numbers, such as 20250131'
                when largest between 10000 and 80000 then 'days of a spreadsheet'
                when largest between 1e8 and 1e11 then 'seconds since 1970'
                when largest between 1e11 and 1e14 then 'milliseconds since 1970'
                when largest between 1e14 and 1e17 then 'microseconds since 1970'
                when largest between 1e17 and 1e19 then 'nanoseconds since 1970'
            end
        from (
            select max(abs(try_cast({{ quoted(name) }} as double))) as largest
            from {{ read_parquet_files(arm.paths) }} as delivered
        )
    {% endset %}
    {% set found = run_query(query).rows[0][0] %}
    {{ return(' (it looks like ' ~ found ~ ')' if found else '') }}
{% endmacro %}

{#- Raises if the columns of a table's files break the contract. -#}
{% macro check_columns(source, delivered) %}
    {% set folder = delivered.folder %}
    {% set alternatives = source.config.meta.get('one_of', []) %}
    {% for arm in delivered.arms if 'file_row_number' in arm.types %}
        {{ extracts_error('table ' ~ source.name ~ ' has a column file_row_number in ' ~ folder
            ~ ', which is how the engine calls the place of a row in its file: deliver it under another name') }}
    {% endfor %}
    {% for column in source.columns.values() %}
        {% set name = column.name | lower %}
        {% for arm in delivered.arms if name not in arm.types and name not in arm.folder_names and column.config.meta.get('required', false) %}
            {{ extracts_error('table ' ~ source.name ~ ' has no column ' ~ column.name ~ ' (expected '
                ~ column.data_type ~ ', found nothing) in ' ~ folder
                ~ ('/' ~ arm.files[0] ~ ': add the column to the file' if delivered.files > 1 else ': add the column to the extract')) }}
        {% endfor %}
    {% endfor %}
    {% for column in source.columns.values() %}
        {% set name = column.name | lower %}
        {% if column.data_type == 'varchar' and name in delivered.mixed_types %}
            {{ extracts_error('table ' ~ source.name ~ ', column ' ~ column.name ~ ': expected one type, found '
                ~ delivered.mixed_types[name] ~ ' in the files of ' ~ folder
                ~ ': deliver it as text in all of them') }}
        {% endif %}
        {% if name in delivered.repeated %}
            {{ extracts_error('table ' ~ source.name ~ ' has two columns ' ~ column.name ~ ' in ' ~ folder ~ '/'
                ~ delivered.repeated[name] ~ ', which differ in case only: deliver one of them') }}
        {% endif %}
        {% if column.data_type == 'varchar' %}
            {% do check_fractions(source, delivered, column.name) %}
        {% endif %}
    {% endfor %}
    {% for arm in delivered.arms if alternatives %}
        {% set present = [] %}
        {% for name in alternatives if name | lower in arm.types or name | lower in arm.folder_names %}
            {% do present.append(name) %}
        {% endfor %}
        {% if not present %}
            {{ extracts_error('table ' ~ source.name ~ ' has none of the columns ' ~ alternatives | join(', ')
                ~ ' in ' ~ folder ~ '/' ~ arm.files[0] ~ ' (found ' ~ arm.names | join(', ') ~ '): add one of them') }}
        {% endif %}
    {% endfor %}
{% endmacro %}

{#-
    Raises if a text column holds fractions so large that neighbouring whole numbers are equal: what was an id may be
    another person's.
-#}
{% macro check_fractions(source, delivered, name) %}
    {% for arm in delivered.arms if arm.types.get(name | lower) in ['DOUBLE', 'FLOAT'] %}
        {% set limit = 2 ** 53 if arm.types[name | lower] == 'DOUBLE' else 2 ** 24 %}
        {% set query %}
            select parse_filename(filename)
            from {{ read_parquet_files(arm.paths, 'filename' if 'filename' not in arm.types else file_column()) }} as delivered
            where not isnan({{ quoted(name) }}) and abs({{ quoted(name) }}) >= {{ limit }}
            limit 1
        {% endset %}
        {% for row in run_query(query) %}
            {{ extracts_error('table ' ~ source.name ~ ', column ' ~ name ~ ': expected text or whole numbers, found '
                ~ arm.types[name | lower] ~ ' beyond ' ~ limit ~ ', where ids become equal, in ' ~ delivered.folder
                ~ '/' ~ row[0] ~ ': deliver the column as text') }}
        {% endfor %}
    {% endfor %}
{% endmacro %}

{#-
    The columns of source_row where a table has several arms, by name in lower case: the name as the first arm writes it,
    and the type, text where the arms differ.
-#}
{% macro types_of_rows(arms) %}
    {% set rows = {} %}
    {% for arm in arms %}
        {% for name in arm.names %}
            {% set key, type = name | lower, arm.types.get(name | lower, 'VARCHAR') %}
            {% if key not in rows %}
                {% do rows.update({key: {'name': name, 'type': 'VARCHAR' if type_family(type) == 'nested' else type}}) %}
            {% elif rows[key].type != type %}
                {% do rows[key].update({'type': 'VARCHAR'}) %}
            {% endif %}
        {% endfor %}
    {% endfor %}
    {{ return(rows) }}
{% endmacro %}

{#- The path of a row's file below the folder of its table. -#}
{% macro name_of_file(delivered, arm) -%}
    {%- if arm.kind == 'csv' -%}
        delivered.{{ file_column() }}
    {%- else -%}
        substring(delivered.{{ file_column() if 'filename' in arm.types else 'filename' }}, {{ delivered.folder | length + 2 }})
    {%- endif -%}
{%- endmacro %}

{#- The files of an arm as a relation, with the number of each row in its file from 0. -#}
{% macro read_files(delivered, arm) -%}
    {%- if arm.kind == 'csv' -%}
        {{ read_csv_files(arm) }}
    {%- else -%}
        {{ read_parquet_files(arm.paths, file_column() if 'filename' in arm.types else '') }}
    {%- endif -%}
{%- endmacro %}

{#- Parquet files of one shape as a relation; `file_column` replaces `filename` as the name of a row's file. -#}
{% macro read_parquet_files(paths, file_column='') -%}
    read_parquet({{ files_literal(paths) }}, union_by_name = true, binary_as_string = true, hive_partitioning = false
    {{- ", filename = '" ~ file_column ~ "'" if file_column and file_column != 'filename' }})
{%- endmacro %}

{#-
    CSV files of one shape as a relation, read row by row and never kept: a part for each file, so that a build that
    needs some of the files reads only these. The engine counts the rows of a part in their order, because nothing else
    runs between the file and the window. It expects 42 rows of any CSV file and would put the whole extract into the
    memory of a join: the last part, which is empty, makes it expect as many as there may be.
-#}
{% macro read_csv_files(arm) -%}
    (
        {% for reader in arm.readers %}
        select
            row_number() over () - 1 as file_row_number,
            {{ text_literal(arm.files[loop.index0]) }} as {{ file_column() }},
            *
        from {{ reader }}
        union all
        {% endfor %}
        select * from (
            select
                cast(null as bigint) as file_row_number,
                cast(null as varchar) as {{ file_column() }}
                {%- for name in arm.names %},
                cast(null as varchar) as "{{ name | replace('"', '""') }}"
                {%- endfor %}
            from range(1000000000)
            limit (select 0)
        )
    )
{%- endmacro %}

{#-
    The statement that lists the files of the extracts, one row per file: size, time of the last change,
    rows, SHA-256, columns, first and last day by the statistics of a Parquet file, and a fingerprint of
    everything that the rows read from it depend on: the content of the file, the types of the columns,
    the code that reads it, and the engine. A file with the size and time of the last build is not hashed
    again, except in a full refresh; nor are the rows of such a CSV file counted and checked again.
-#}
{% macro found_files(extracts, last_files) %}
    {% set known_files = last_files and not flags.FULL_REFRESH %}
    {% set arms, parquet = [], [] %}
    {% for extract in extracts %}
        {% for arm in extract.arms %}
            {% do arm.update({'dated_by': extract.dated_by}) %}
            {% do arms.append(arm) %}
            {% if arm.kind == 'parquet' %}
                {% do parquet.append(arm) %}
            {% endif %}
        {% endfor %}
    {% endfor %}
    create or replace table private.extracts.found_files as
    with sized as (
        {% for arm in arms %}
        {{ 'union all' if not loop.first }}
        select
            filename,
            cast(size as bigint) as size_bytes,
            last_modified at time zone 'UTC' as modified_at,
            {{ text_literal(arm.read_types) }} as read_types,
            {{ text_literal(arm.dated_by) }} as dated_by
        from read_blob({{ files_literal(arm.paths) }})
        {% endfor %}
    ),
    found as (
        select
            listed_files.source_table,
            listed_files.source_file,
            listed_files.kind,
            sized.*
        from sized
        inner join private.extracts.listed_files as listed_files
            on sized.filename = listed_files.path
    ),
    {% if known_files %}
    known as (
        select
            found.filename,
            last_files.sha256,
            case when last_files.fingerprint = {{ fingerprint('last_files.sha256', 'found.read_types') }} then last_files.rows_in end as rows_in
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
    csv_counted as (
        select
            unnest(filenames) as filename,
            unnest(csv_rows(filenames)) as counted
        from (
            select list(found.filename) as filenames
            from found
            where
                found.kind = 'csv'
                {% if known_files %}
                and found.filename not in (select known.filename from known where known.rows_in is not null)
                {% endif %}
        ) as listed
    ),
    counted as (
        select
            filename,
            counted.rows_in,
            counted.problem
        from csv_counted
        {% if known_files %}
        union all
        select
            found.filename,
            known.rows_in,
            null
        from found
        inner join known using (filename)
        where
            found.kind = 'csv'
            and known.rows_in is not null
        {% endif %}
        {% if parquet %}
        union all
        select
            file_name as filename,
            cast(num_rows as bigint) as rows_in,
            null as problem
        from parquet_file_metadata([
            {%- for arm in parquet %}{% for path in arm.paths %}{{ text_literal(as_pattern(path)) }}, {% endfor %}{% endfor -%}
        ])
        {% endif %}
    ),
    described as (
        select
            path as filename,
            list({'name': column_name, 'type': type} order by column_id) as column_list,
            string_agg(column_name || ' ' || type, ', ' order by column_id) as column_types
        from private.extracts.listed_columns
        group by path
    ),
    -- The days are unknown where a part of the file has no statistics, unless the column is empty.
    dated as (
        {% for arm in parquet %}
        select
            file_name as filename,
            lower(path_in_schema) as name,
            min(try_cast(stats_min_value as timestamptz)) as earliest_at,
            max(try_cast(stats_max_value as timestamptz)) as latest_at,
            bool_and(
                coalesce(stats_null_count = num_values, false)
                or (try_cast(stats_min_value as timestamptz) is not null and try_cast(stats_max_value as timestamptz) is not null)
            ) as is_known
        from parquet_metadata({{ files_literal(arm.paths) }})
        where lower(path_in_schema) = {{ text_literal(arm.dated_by) }}
        group by file_name, lower(path_in_schema)
        union all
        {% endfor %}
        select null, null, null, null, null where false
    ),
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
        select
            filename,
            sha256
        from known
        {% endif %}
    ),
    united as (
        select
            found.source_table,
            found.source_file,
            found.size_bytes,
            found.modified_at,
            counted.rows_in,
            counted.problem,
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
                path as filename,
                column_name as name,
                type = 'DATE' or starts_with(type, 'TIMESTAMP') as is_time
            from private.extracts.listed_columns
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
        problem,
        sha256,
        column_list,
        column_types,
        earliest_date,
        latest_date,
        getvariable('folder_digest') as folder_digest,
        {{ fingerprint('sha256', 'read_types') }} as fingerprint
    from united
    order by source_table, source_file
{% endmacro %}

{#- A hash of everything that the rows read from a file depend on. -#}
{% macro fingerprint(sha256, read_types) -%}
    {{ surrogate_key([sha256, read_types, "getvariable('reading_digest')", 'version()']) }}
{%- endmacro %}

{#-
    Raises if no custom field is called by a name of the seed voter_id_fields, or if no person has a value of it: nobody
    would be a voter, and the build would find that out at its end. The seed is read as a file, because it is not loaded
    yet.
-#}
{% macro check_voter_ids(extracts) %}
    {% set queries = {} %}
    {% for extract in extracts if extract.name in ['person', 'person_custom_field', 'custom_field'] %}
        {% do queries.update({extract.name: extract.query}) %}
    {% endfor %}
    {% set wanted = [] %}
    {% for row in run_query('select ' ~ field_name('field_name') ~ ' from ' ~ read_seed('voter_id_fields', ['field_name', 'rationale'])) if row[0] %}
        {% do wanted.append(row[0]) %}
    {% endfor %}
    {% set named = wanted | join(' or ') or 'nothing' %}
    {% set fields %}
        select
            {{ field_name('name') }} as field_name,
            list(distinct {{ text_id('id') }})
        from ({{ queries.custom_field }}) as custom_field
        where
            not is_deleted_at_source
            and {{ text_id('id') }} is not null
            and {{ field_name('name') }} is not null
        group by field_name
        order by field_name
    {% endset %}
    {% set names, ids = [], [] %}
    {% for row in run_query(fields) %}
        {% do names.append(row[0][:40]) %}
        {% if row[0] in wanted %}
            {% do ids.extend(row[1]) %}
        {% endif %}
    {% endfor %}
    {% if not ids %}
        {{ extracts_error('table custom_field has no field named ' ~ named ~ ', which holds the voter id: found '
            ~ (some_of(names, 20) or 'no named field') ~ ': deliver it, or name the field in the seed voter_id_fields') }}
    {% endif %}
    {% set voters %}
        with held as (
            select {{ text_id('person_id') }} as person_id
            from ({{ queries.person_custom_field }}) as person_custom_field
            where
                not is_deleted_at_source
                and {{ text_id('custom_field_id') }} in ({% for id in ids %}{{ text_literal(id) }}{{ ', ' if not loop.last }}{% endfor %})
                and {{ text_id('value') }} is not null
        )
        select
            (select count(*) from held),
            exists (
                select 1
                from ({{ queries.person }}) as person
                where
                    not is_deleted_at_source
                    and {{ text_id('id') }} in (select held.person_id from held)
            )
    {% endset %}
    {% set found = run_query(voters).rows[0] %}
    {% if not found[1] %}
        {{ extracts_error('no person has a voter id: table person_custom_field has ' ~ found[0] ~ ' values of the field '
            ~ named ~ (', none of a person of table person' if found[0] else '')
            ~ ': deliver the values, or name the field in the seed voter_id_fields') }}
    {% endif %}
{% endmacro %}

{#- Raises if a row of a CSV file does not fit, or if a required table has no rows. -#}
{% macro check_rows(sources) %}
    {% for row in run_query("select source_table, source_file, problem from private.extracts.found_files where problem is not null order by all") %}
        {{ extracts_error('file ' ~ row[0] ~ '/' ~ row[1] ~ ': ' ~ row[2] ~ ': deliver it again as CSV whose rows have'
            ~ ' the columns of the header, in UTF-8 or UTF-16') }}
    {% endfor %}
    {% do run_query('alter table private.extracts.found_files drop column problem') %}
    {% set filled = run_query('select distinct source_table from private.extracts.found_files where rows_in > 0').columns[0].values() %}
    {% for source in sources if source.name not in filled and source.config.meta.get('required', false) %}
        {{ extracts_error('table ' ~ source.name ~ ' is required, but the files in ' ~ extract_folder() ~ '/' ~ source.name
            ~ ' hold no rows: deliver the extract again') }}
    {% endfor %}
{% endmacro %}

{#- The files of the last build; none if there are none, or if an older version of found_files listed them. -#}
{% macro last_input_files() %}
    {% set last_files = last_build_relation(extracts_files()) %}
    {% if last_files %}
        {% for row in run_query('describe ' ~ last_files) if row[0] == 'folder_digest' %}
            {{ return(last_files) }}
        {% endfor %}
    {% endif %}
    {{ return(none) }}
{% endmacro %}

{#- The folder of the extracts. -#}
{% macro extract_folder() -%}
    {{ return(env_var('BEHAVIORAL_DATA_DIR', 'data').rstrip('/') or '/') }}
{%- endmacro %}

{#- The column with the file of a row, for extracts that have a column `filename` of their own. -#}
{% macro file_column() -%}
    file_of_the_row
{%- endmacro %}

{% macro text_literal(text) -%}
    '{{ text | replace("'", "''") }}'
{%- endmacro %}

{% macro quoted(column) -%}
    delivered."{{ column }}"
{%- endmacro %}

{#- A delivered column, as SQL, as the declared type; none if the found type cannot be cast. -#}
{% macro read_column(column, found_type, declared_type) %}
    {% set family = type_family(found_type) %}
    {% if found_type is none or found_type == 'NULL' %}
        {#- A column without any value may have no type. -#}
        {{ return('cast(null as ' ~ declared_type ~ ')') }}
    {% elif family == 'nested' %}
        {{ return(none) }}
    {% elif declared_type == 'varchar' %}
        {% if found_type == 'VARCHAR' %}
            {{ return(column) }}
        {% elif found_type.startswith('DECIMAL') %}
            {{ return("regexp_replace(cast(" ~ column ~ " as varchar), '[.]0+$', '')") }}
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
        {% set column = text_id(column if found_type == 'VARCHAR' else 'cast(' ~ column ~ ' as varchar)') %}
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
        {% if family == 'boolean' %}
            {{ return(column) }}
        {% elif family == 'integer' %}
            {{ return('try_cast(' ~ column ~ ' as boolean)') }}
        {% elif family == 'fraction' or family == 'text' %}
            {#- Data frames write a column with missing values as 1.0, 0.0 and NaN. -#}
            {{ return("try_cast(regexp_replace(cast(" ~ column ~ " as varchar), '[.]0+$', '') as boolean)") }}
        {% endif %}
    {% elif declared_type == 'timestamp' %}
        {% if found_type == 'TIMESTAMP' %}
            {{ return(column) }}
        {% elif found_type == 'TIMESTAMP WITH TIME ZONE' %}
            {{ return(column ~ " at time zone 'UTC'") }}
        {% elif found_type == 'TIMESTAMPTZ_NS' %}
            {{ return('cast(' ~ column ~ " as timestamptz) at time zone 'UTC'") }}
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
