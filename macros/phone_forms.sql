{#-
    The watch on the phones of the map. Rows of strangers are not judged (lnk_map_row), so nothing else would notice
    that the phones are written in a form that cannot be read: everybody would be a stranger. A sample is judged before
    anything is built: the row groups 0, 64, 128, … of each Parquet file, and every 64th block of 100,000 rows of a CSV
    file. The check unreadable_phones compares its share with the seed input_limits.

    The counts of each file are kept in extracts.phone_forms, so that a file which has not changed is not sampled again.
-#}
{% macro found_phone_forms(extracts) %}
    {% set extract = extracts | selectattr('name', 'equalto', 'list_link_phone_email_map') | first %}
    {% set relation = api.Relation.create(database='private', schema='extracts', identifier='phone_forms') %}
    {% set known = none if flags.FULL_REFRESH else last_build_relation(relation) %}
    {% set query %}
        select source_file
        from private.extracts.found_files
        where
            source_table = '{{ extract.name }}'
            {% if known %}
            and not exists (
                select 1 from {{ known }} as known
                where known.fingerprint = found_files.fingerprint
            )
            {% endif %}
    {% endset %}
    {% set sampled = samples_of_arms(extract.arms, run_query(query).columns[0].values()) %}
    create or replace table private.extracts.found_phone_forms as
    {% if sampled %}
    with sampled as (
        {% for arm, condition in sampled %}
        {{ 'union all' if not loop.first }}
        select
            source_file,
            contact_number
        from (
            {{ read_arm(extract.source, extract.delivered, arm, extract.row_types) }}
        ) as read
        where {{ condition }}
        {% endfor %}
    ),
    well_formed as (
        select
            *,
            {{ well_formed_phone('contact_number') }} as well_formed_phone
        from sampled
    ),
    judged as (
        select
            source_file,
            case
                when {{ phone_key('well_formed_phone') }} is not null then false
                when {{ is_blank('contact_number') }} then false
                else not {{ is_foreign_phone('contact_number') }}
            end as is_unreadable
        from well_formed
    ),
    counted as (
        select
            source_file,
            count(*) as rows_sampled,
            count(case when is_unreadable then 1 end) as rows_unreadable
        from judged
        group by source_file
    )
    {% endif %}
    select
        files.source_file,
        files.fingerprint,
        {% if sampled %}
        counted.rows_sampled,
        counted.rows_unreadable
        {% else %}
        cast(null as bigint) as rows_sampled,
        cast(null as bigint) as rows_unreadable
        {% endif %}
    from private.extracts.found_files as files
    {% if sampled %}
    inner join counted using (source_file)
    {% endif %}
    where
        files.source_table = '{{ extract.name }}'
        {{ 'and false' if not sampled }}
    {% if known %}
    union all
    select
        files.source_file,
        files.fingerprint,
        known.rows_sampled,
        known.rows_unreadable
    from private.extracts.found_files as files
    inner join {{ known }} as known using (source_file, fingerprint)
    where files.source_table = '{{ extract.name }}'
    {% endif %}
{% endmacro %}

{#-
    The samples of some files, by their names: a list of pairs of an arm and a condition on source_row_number. Parquet
    files with the same ranges of rows are one arm, so that the engine reads only these row groups.
-#}
{% macro samples_of_arms(arms, names) %}
    {% set samples = [] %}
    {% for arm in arms %}
        {% set files_of_path = {} %}
        {#- Not as the loop's own condition, where `loop` is the loop around it. -#}
        {% for path in arm.paths %}
            {% if arm.files[loop.index0] in names %}
                {% do files_of_path.update({path: arm.files[loop.index0]}) %}
            {% endif %}
        {% endfor %}
        {% if arm.kind == 'parquet' and files_of_path %}
            {% set query %}
                with row_groups as (
                    select
                        file_name,
                        row_group_id,
                        row_group_num_rows as rows_in,
                        coalesce(sum(row_group_num_rows) over (
                            partition by file_name order by row_group_id rows between unbounded preceding and 1 preceding
                        ), 0) as first_row
                    from parquet_metadata({{ files_literal(files_of_path) }})
                    where column_id = 0
                ),
                sampled as (
                    select
                        file_name,
                        string_agg(
                            format('source_row_number between {} and {}', first_row, first_row + rows_in - 1), ' or '
                            order by row_group_id
                        ) as ranges
                    from row_groups
                    where row_group_id % 64 = 0
                    group by file_name
                )
                select
                    ranges,
                    cast(to_json(list(file_name order by file_name)) as varchar)
                from sampled
                group by ranges
                order by ranges
            {% endset %}
            {% for row in run_query(query) %}
                {% set part = dict(arm) %}
                {% do part.update({'paths': fromjson(row[1])}) %}
                {% do samples.append((part, '(' ~ row[0] ~ ')')) %}
            {% endfor %}
        {% elif files_of_path %}
            {% set readers, files = [], [] %}
            {% for file in arm.files if file in names %}
                {% do readers.append(arm.readers[arm.files.index(file)]) %}
                {% do files.append(file) %}
            {% endfor %}
            {% set part = dict(arm) %}
            {% do part.update({'readers': readers, 'files': files, 'paths': files_of_path | list}) %}
            {% do samples.append((part, 'source_row_number // 100000 % 64 = 0')) %}
        {% endif %}
    {% endfor %}
    {{ return(samples) }}
{% endmacro %}
