{#-
    Quarantine keeps the text of the first refused rows of a file and reason only (seed rules, quarantine_limits): an export
    that went wrong repeats one fault, and a table of tens of millions of texts takes more memory than a build has. The
    rows beyond the limit are counted, in `omitted_rows` of each row of their file and reason, so that accounting is
    whole.

    A query for the refused rows of a relation, ranked in their file and reason. `omitted_rows` of the relation is what
    an earlier build has left out. For relations with the columns source_file, source_row_number and omitted_rows.
-#}
{% macro ranked_refused_rows(relation, reason, source_table=none) -%}
    {%- set group = (source_table ~ ', ' if source_table else '') ~ 'source_file, ' ~ reason -%}
    select
        {{ source_table ~ ',\n        ' if source_table }}source_file,
        source_row_number,
        row_number() over (partition by {{ group }} order by source_row_number) as row_of_reason,
        max(omitted_rows) over (partition by {{ group }})
        + cast(greatest(
            count(*) over (partition by {{ group }}) - {{ rule_value('quarantine_limits', 'kept_rows') }}, 0
        ) as bigint) as omitted_rows
    from {{ relation }}
    where {{ reason }} is not null
{%- endmacro %}

{#-
    The number of refused rows by table, file and reason, those left out included. For relations with the columns of
    rejected_rows.
-#}
{% macro counted_refused_rows(relation) -%}
    select
        source_table,
        source_file,
        reason,
        count(*) + coalesce(max(omitted_rows), 0) as rows_rejected
    from {{ relation }}
    group by source_table, source_file, reason
{%- endmacro %}
