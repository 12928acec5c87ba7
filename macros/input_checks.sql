{#-
    Checks of the extract files before anything is built, one for each name in the seed input_limits:
    its limit, and whether the build stops or warns beyond it. A check that stops the build can be
    accepted by name for one build (var accepted_checks); marts.input_checks records that.

    The seed is read as a file, because it is not loaded yet. The share of rejected rows is known only
    when the rows have been read; its limit is recorded here for marts.input_checks.
-#}

{#-
    Compares extracts.found_files with the manifest, the limits and the last build (`last_files`, a
    relation or none), and writes extracts.found_checks: one row per check and table, or per file for
    checks of a file. Raises one line with everything that stops the build.
-#}
{% macro check_files(extracts, last_files) %}
    {% do check_accepted_names() %}
    {% set has_manifest = check_manifest(extracts) %}
    {% do run_query(found_phone_forms(extracts)) %}
    {% do run_query(found_checks(extracts, last_files, has_manifest)) %}
    {% set query %}
        select
            check_name,
            {{ input_check_status() }} as status,
            message
        from private.extracts.found_checks
        order by check_name, source_table, source_file
    {% endset %}
    {% set stopped, warned = {}, [] %}
    {% for row in run_query(query) %}
        {% if row[1] == 'stopped' %}
            {% do stopped.setdefault(row[0], []).append(row[2]) %}
        {% elif row[1] == 'warned' %}
            {% do warned.append(row[2]) %}
        {% endif %}
    {% endfor %}
    {% if stopped %}
        {% set lines = [] %}
        {% for check, messages in stopped.items() %}
            {% do lines.append(some_of(messages) ~ ': ' ~ what_to_do(check) ~ ', or accept it with ' ~ accepting(check)) %}
        {% endfor %}
        {{ extracts_error(lines | join('. ')) }}
    {% endif %}
    {#- Before anything is built: a large delivery takes minutes. -#}
    {% for message in warned %}
        {% do exceptions.warn('Extracts: ' ~ message) %}
    {% endfor %}
{% endmacro %}

{#- What a person can do about a check that stopped the build, apart from accepting it. -#}
{% macro what_to_do(check) -%}
    {{- {
        'duplicate_file': 'deliver each file once',
        'changed_file': 'deliver the file as it was, and what is new as a new file',
        'missing_file': 'put the file back',
        'lost_column': 'deliver the column again',
        'row_change': 'deliver the table whole, each row once',
        'empty_table': 'deliver the rows, or no file at all',
        'integer_ids': 'deliver the column as text',
        'unread_file': 'deliver them as .parquet, .csv or .csv.gz, or take them away',
        'deletion_column': 'deliver the mark as _deleted, or leave the column out',
        'unreadable_phones': 'deliver the phones as ten digits',
        'unreadable_requests': 'correct the requests',
    }[check] -}}
{%- endmacro %}

{#- How a check is accepted: the runner's option, or the var of a plain dbt build. -#}
{% macro accepting(check) -%}
    {{- '--accept ' ~ check if target.name == 'publish' else "--vars '{accepted_checks: [" ~ check ~ "]}'" -}}
{%- endmacro %}

{#- Some of several texts, and how many more there are. -#}
{% macro some_of(texts, most=3) -%}
    {{- texts[:most] | join('; ' if most == 3 else ', ') ~ (' and ' ~ (texts | length - most) ~ ' more' if texts | length > most else '') -}}
{%- endmacro %}

{#- Raises if the var accepted_checks is no list of checks. The message does not repeat it: it may be anything. -#}
{% macro check_accepted_names() %}
    {% if var('accepted_checks') == [] %}
        {{ return('') }}
    {% endif %}
    {% set names = [] %}
    {% for row in run_query('select distinct check_name from ' ~ read_input_limits() ~ ' order by check_name') %}
        {% do names.append(row[0]) %}
    {% endfor %}
    {% set accepted = var('accepted_checks') %}
    {% set is_list = accepted is sequence and accepted is not string and accepted is not mapping %}
    {% set unknown = [] %}
    {% for name in (accepted if is_list else []) %}
        {% if name not in names %}
            {% do unknown.append(name) %}
        {% endif %}
    {% endfor %}
    {% if unknown or not is_list %}
        {{ extracts_error('--accept (var accepted_checks) holds what is no check: name some of ' ~ names | join(', ')) }}
    {% endif %}
{% endmacro %}

{#- Does this build accept the check of the row? -#}
{% macro is_accepted_check() -%}
    {%- if var('accepted_checks') -%}
        check_name in ({% for name in var('accepted_checks') %}{{ text_literal(name) }}{{ ', ' if not loop.last }}{% endfor %})
    {%- else -%}
        false
    {%- endif -%}
{%- endmacro %}

{#- The status of a check, for relations with the columns of extracts.checks. -#}
{% macro input_check_status() -%}
    case
        when found_value is null then 'not_compared'
        when found_value <= limit_value then 'passed'
        when action = 'warn' then 'warned'
        when is_accepted then 'accepted'
        else 'stopped'
    end
{%- endmacro %}

{#- The seed input_limits, before it is loaded. -#}
{% macro read_input_limits() -%}
    (
        select
            check_name,
            source_table,
            cast(limit_value as double) as limit_value,
            cast(least_rows as bigint) as least_rows,
            action
        from {{ read_seed('input_limits', ['check_name', 'source_table', 'limit_value', 'least_rows', 'action', 'rationale']) }}
    )
{%- endmacro %}

{#- A seed before it is loaded: its file, every column as text. -#}
{% macro read_seed(name, columns) -%}
    {%- set seeds = [] -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'seed' and node.name == name -%}
        {%- do seeds.append(node) -%}
    {%- endfor -%}
    read_csv(
        {{ text_literal(seeds[0].root_path ~ '/' ~ seeds[0].original_file_path) }},
        header = true,
        columns = { {% for column in columns %}'{{ column }}': 'varchar'{{ ', ' if not loop.last }}{% endfor %} }
    )
{%- endmacro %}

{#- The statement of check_files: each check selects its findings, with the message and the figures. -#}
{% macro found_checks(extracts, last_files, has_manifest) %}
    create or replace table private.extracts.found_checks as
    with limits as (
        select * from {{ read_input_limits() }}
    ),
    extract_tables as (
        {% for extract in extracts %}
        {{ 'union all' if not loop.first }}
        select {{ text_literal(extract.name) }} as source_table
        {% endfor %}
    ),
    -- The limit of one table takes precedence over the limit of all tables.
    limits_by_table as (
        select
            extract_tables.source_table,
            limits.check_name,
            limits.limit_value,
            limits.least_rows,
            limits.action
        from extract_tables
        inner join limits on limits.source_table in (extract_tables.source_table, '*')
        qualify row_number() over (
            partition by extract_tables.source_table, limits.check_name
            order by case when limits.source_table = '*' then 1 else 0 end
        ) = 1
    ),
    files as (
        select * from private.extracts.found_files
    ),
    last_files as (
        select * from {{ last_files or 'private.extracts.found_files where false' }}
    ),
    -- Files of the last build are expected again in the same folder only.
    last_of_folder as (
        select * from last_files where folder_digest = getvariable('folder_digest')
    ),
    copies as (
        select
            source_table,
            source_file,
            rows_in,
            first_value(source_file) over (partition by source_table, sha256 order by source_file) as first_file
        from files
        where rows_in > 0
    ),
    lost_columns as (
        select
            last_columns.source_table,
            last_columns.column_name
        from (
            select distinct
                source_table,
                unnest(list_transform(column_list, lambda listed: listed.name)) as column_name
            from last_of_folder
        ) as last_columns
        where
            last_columns.source_table in (select files.source_table from files)
            and not exists (
                select 1
                from files
                where
                    files.source_table = last_columns.source_table
                    and list_contains(list_transform(files.column_list, lambda listed: listed.name), last_columns.column_name)
            )
    ),
    counted as (
        select source_table, sum(rows_in) as rows_in, count(*) as files from files group by source_table
    ),
    last_counted as (
        select source_table, sum(rows_in) as rows_in from last_files group by source_table
    ),
    changes as (
        select
            last_counted.source_table,
            coalesce(counted.rows_in, 0) as rows_in,
            last_counted.rows_in as last_rows_in,
            coalesce(counted.rows_in, 0) / last_counted.rows_in - 1 as row_change
        from last_counted
        -- A table may be missing now.
        left join counted using (source_table)
        where last_counted.rows_in > 0
    ),
    text_columns as (
        {% for extract in extracts %}
        {% for column in extract.text_columns %}
        select
            {{ text_literal(extract.name) }} as source_table,
            {{ text_literal(column.name) }} as column_name,
            {{ column.is_never_a_number }} as is_never_a_number
        union all
        {% endfor %}
        {% endfor %}
        select null, null, null where false
    ),
    delivered_columns as (
        select
            files.source_table,
            files.source_file,
            listed.name as column_name,
            regexp_full_match(listed.type, 'U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?') as is_integer,
            listed.type in ('DOUBLE', 'FLOAT') or starts_with(listed.type, 'DECIMAL') as is_fraction,
            listed.type = 'VARCHAR' as is_text
        from files, unnest(files.column_list) as unnested (listed)
        where files.rows_in > 0
    ),
    integer_columns as (
        select
            source_table,
            source_file,
            column_name
        from (
            select
                *,
                bool_or(is_text) over (partition by source_table, column_name) as is_text_elsewhere
            from delivered_columns
            inner join text_columns using (source_table, column_name)
        ) as compared
        where (is_integer and (is_text_elsewhere or is_never_a_number)) or (is_fraction and is_never_a_number)
    ),
    unread as (
        select
            source_table,
            count(case when kind = 'unread' then 1 end) as files,
            list(
                case when source_file = '' then 'the folder itself' else source_file end || ' (' || reason || ')' order by source_file
            ) filter (where kind = 'unread') as names,
            list(source_file order by source_file) filter (where kind = 'marker') as markers
        from private.extracts.listed_files
        where kind in ('unread', 'marker')
        group by source_table
    ),
    -- A column whose name speaks of deletion and that no contract knows: its rows are read as if nothing were deleted.
    deletion_columns as (
        select distinct
            files.source_table,
            listed.name as column_name
        from files, unnest(files.column_list) as unnested (listed)
        where
            contains(listed.name, 'deleted')
            and listed.name not in ({% for name in deletion_marks() %}'{{ name }}'{{ ', ' if not loop.last }}{% endfor %})
    ),
    findings as (
        select
            'duplicate_file' as check_name,
            source_table,
            source_file,
            1.0 as found_value,
            format('file {}/{} ({} rows) is a copy of {}/{}, byte for byte', source_table, source_file, rows_in, source_table, first_file)
                as message
        from copies
        where source_file <> first_file
        union all
        select
            'changed_file',
            files.source_table,
            files.source_file,
            1.0,
            format(
                'file {}/{} has changed: expected {} rows, {} bytes (SHA-256 {}…) as in the last build, found {} rows, {} bytes ({}…)',
                files.source_table, files.source_file, last_of_folder.rows_in, last_of_folder.size_bytes, left(last_of_folder.sha256, 12),
                files.rows_in, files.size_bytes, left(files.sha256, 12)
            )
        from files
        inner join last_of_folder using (source_table, source_file)
        where files.sha256 <> last_of_folder.sha256
        union all
        select
            'missing_file',
            last_of_folder.source_table,
            last_of_folder.source_file,
            1.0,
            format('file {}/{} is gone: the last build read {} rows from it', source_table, source_file, last_of_folder.rows_in)
        from last_of_folder
        left join files using (source_table, source_file)
        where
            files.source_file is null
            -- An erasure rewrites a file of the ledger: the digits at the end of its name change.
            and not exists (
                select 1
                from files as written_anew
                where
                    last_of_folder.source_table = 'handovers'
                    and written_anew.source_table = 'handovers'
                    and {{ ledger_name('written_anew.source_file') }} = {{ ledger_name('last_of_folder.source_file') }}
            )
        union all
        select
            'lost_column',
            source_table,
            cast(null as varchar),
            count(*),
            format('table {} has lost {}, which the last build found', source_table, string_agg('column ' || column_name, ', ' order by column_name))
        from lost_columns
        group by source_table
        union all
        select
            'row_change',
            source_table,
            cast(null as varchar),
            abs(row_change),
            format(
                'table {} has {} rows, {} in the last build: {:+.1f} %, expected at most {:.0f} % more or fewer',
                source_table, rows_in, last_rows_in, 100 * row_change, 100 * limits_by_table.limit_value
            )
        from changes
        inner join limits_by_table using (source_table)
        where limits_by_table.check_name = 'row_change'
        union all
        select
            'empty_table',
            source_table,
            cast(null as varchar),
            1.0,
            format('table {} has no rows in {} files', source_table, files)
        from counted
        where rows_in = 0
        union all
        select
            'integer_ids',
            source_table,
            source_file,
            count(*),
            format(
                'file {}/{} holds {} as numbers, expected text: leading zeros cannot be known',
                source_table, source_file, string_agg('column ' || column_name, ', ' order by column_name)
            )
        from integer_columns
        group by source_table, source_file
        union all
        select
            'unread_file',
            source_table,
            cast(null as varchar),
            files,
            case
                when files = 0
                    then format('table {} has nothing that is not read but marks of its writer: {}', source_table, array_to_string(markers[:100], ', '))
                else format(
                    'table {} has files that are not read: {}{}',
                    source_table,
                    array_to_string(names[:100], ', '),
                    case when files > 100 then format(' and {} more', files - 100) else '' end
                )
            end
        from unread
        union all
        select
            'deletion_column',
            source_table,
            cast(null as varchar),
            count(*),
            format(
                'table {} has {}, which may mark deleted rows and is not read', source_table,
                string_agg('column ' || column_name, ', ' order by column_name)
            )
        from deletion_columns
        group by source_table
        union all
        select
            'unreadable_phones',
            'list_link_phone_email_map',
            cast(null as varchar),
            sum(rows_unreadable) / sum(rows_sampled),
            format(
                'table list_link_phone_email_map: {} of {} sampled phones cannot be read: {:.1f} %, so their rows link nobody',
                cast(sum(rows_unreadable) as bigint), cast(sum(rows_sampled) as bigint),
                100 * sum(rows_unreadable) / sum(rows_sampled)
            )
        from private.extracts.found_phone_forms
        having sum(rows_unreadable) > 0
    ),
    listed_checks as (
        select
            limits_by_table.check_name,
            limits_by_table.source_table,
            findings.source_file,
            case
                when findings.check_name is not null then cast(findings.found_value as double)
                when limits_by_table.check_name in (
                        'duplicate_file', 'empty_table', 'integer_ids', 'unread_file', 'deletion_column', 'unreadable_phones'
                    )
                    then 0.0
                when
                    limits_by_table.check_name in ('changed_file', 'missing_file', 'lost_column')
                    and limits_by_table.source_table in (select last_of_folder.source_table from last_of_folder)
                    then 0.0
            end as found_value,
            limits_by_table.limit_value,
            -- A share of few rows says little: it warns only.
            case
                when greatest(coalesce(counted.rows_in, 0), coalesce(last_counted.rows_in, 0)) < limits_by_table.least_rows
                    then 'warn'
                else limits_by_table.action
            end as action,
            {{ is_accepted_check() }} as is_accepted,
            findings.message
        from limits_by_table
        -- Most checks find nothing.
        left join findings using (check_name, source_table)
        left join counted using (source_table)
        left join last_counted using (source_table)
        union all
        select
            'manifest',
            source_table,
            cast(null as varchar),
            {{ '0.0' if has_manifest else 'cast(null as double)' }},
            0.0,
            'stop',
            false,
            cast(null as varchar)
        from extract_tables
    )
    select
        check_name,
        source_table,
        source_file,
        found_value,
        limit_value,
        action,
        is_accepted,
        coalesce(message, case
            when check_name in ('rejected_share', 'ids_with_other_content', 'unreadable_requests')
                then 'known when the rows have been read'
            when check_name = 'manifest' and found_value = 0 then format('table {} agrees with manifest.json', source_table)
            when check_name = 'manifest' then 'there is no manifest.json'
            when found_value is null then format('table {} has no earlier build to be compared with', source_table)
            else format('table {}: nothing found', source_table)
        end) as message
    from listed_checks
{% endmacro %}

{#-
    Is there a manifest.json beside the folders of the tables? It lists the files that were sent, with
    their SHA-256: {"files": {"<table>/<file>": "<hex>" or {"sha256": "<hex>"}}}, or the inner mapping alone.
    Raises if the files differ from it. This check cannot be accepted, because files that the sender did
    not list may hold anything; a person who trusts the files can remove the manifest.
-#}
{% macro check_manifest(extracts) %}
    {% set place = extract_folder() ~ '/manifest.json' %}
    {% set file = text_literal(modules.re.sub('([*?[])', '[\\1]', place)) %}
    {% if not run_query('select file from glob(' ~ file ~ ')').rows %}
        {{ return(false) }}
    {% endif %}
    {% set content = run_query('select try(decode(content)) from read_blob(' ~ file ~ ')').rows[0][0] %}
    {% set manifest = fromjson(content, none) if content is string else none %}
    {% set listed = manifest.get('files') if manifest is mapping and manifest.get('files') is mapping else manifest %}
    {% set form = ': expected {"files": {"<table>/<file>": "<SHA-256 in hex>"}}: deliver it again, or take it away' %}
    {% if listed is not mapping %}
        {{ extracts_error(place ~ ' is no manifest' ~ form) }}
    {% endif %}
    {% set tables = extracts | map(attribute='name') | list %}
    {% set expected = {} %}
    {% for name, entry in listed.items() %}
        {% set key = modules.re.sub('^([.]/)+', '', name) %}
        {% if key.split('/')[0] in tables and '/' in key %}
            {% set digest = entry.get('sha256') if entry is mapping else entry %}
            {% if digest is not string or not modules.re.match('^[0-9a-fA-F]{64}$', digest) %}
                {{ extracts_error(place ~ ' has no SHA-256 for a file of table ' ~ key.split('/')[0] ~ form) }}
            {% endif %}
            {% do expected.update({key: digest | lower}) %}
        {% endif %}
    {% endfor %}
    {% set other, unlisted, found = [], [], [] %}
    {% for row in run_query("select source_table || '/' || source_file as name, sha256 from private.extracts.found_files order by name") %}
        {% do found.append(row[0]) %}
        {#- Nobody delivers the ledger: its files carry their digest in their names. -#}
        {% if row[0].startswith('handovers/') and row[0] not in expected %}
        {% elif row[0] not in expected %}
            {% do unlisted.append(row[0]) %}
        {% elif row[1] != expected[row[0]] %}
            {% do other.append('file ' ~ row[0] ~ ' (expected SHA-256 ' ~ expected[row[0]][:12] ~ '…, found ' ~ row[1][:12] ~ '…)') %}
        {% endif %}
    {% endfor %}
    {#- The manifest may list what is beneath a folder and is not read: the check unread_file names it. -#}
    {% for row in run_query("select source_table || '/' || source_file from private.extracts.listed_files where kind in ('unread', 'marker')") %}
        {% do found.append(row[0]) %}
    {% endfor %}
    {% set absent = [] %}
    {% for name in expected if name not in found %}
        {% do absent.append(name) %}
    {% endfor %}
    {% set lines = [] %}
    {% if other %}
        {% do lines.append('differs from manifest.json: ' ~ some_of(other) ~ ': deliver it again') %}
    {% endif %}
    {% if absent %}
        {% do lines.append('manifest.json lists what is not there: ' ~ some_of(absent) ~ ': deliver it') %}
    {% endif %}
    {% if unlisted %}
        {% do lines.append('manifest.json does not list what is there: ' ~ some_of(unlisted)
            ~ ': list it in manifest.json, or take manifest.json away') %}
    {% endif %}
    {% if lines %}
        {{ extracts_error(extract_folder() ~ ': ' ~ lines | join('. ')) }}
    {% endif %}
    {{ return(true) }}
{% endmacro %}

{#- The name of a file of the ledger without the digits at its end. -#}
{% macro ledger_name(source_file) -%}
    regexp_replace({{ source_file }}, '[0-9a-f]{16}([.][a-z.]+)$', '\1')
{%- endmacro %}
