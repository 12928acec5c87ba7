{#-
    The key of a model, and what holds in each of its rows, in one scan.

    `columns` are unique together, and none of them is NULL except the `nullable`; the columns of
    `not_null` are never NULL; each column of `unique` is unique by itself; each condition of `holds`
    is true or NULL. `broken_rule` says what a failing row breaks.

    Grouping numbers is much cheaper than grouping texts, so the rows are grouped by the hash of the
    key first; only rows with the hash of a failing row are compared by the key itself.
-#}
{% test key(model, columns, nullable=[], not_null=[], unique=[], holds=[]) %}

{% set key_hash = short_hash(columns | join(', ')) %}
{% set wrong, messages = ['count(*) > 1'], [] %}
{% for column in columns + not_null if column not in nullable %}
{% do wrong.append('count(' ~ column ~ ') < count(*)') %}
{% do messages.append('when count(' ~ column ~ ") < count(*) then 'not null: " ~ column ~ "'") %}
{% endfor %}
{% for condition in holds %}
{% do wrong.append('count(case when not (' ~ condition ~ ') then 1 end) > 0') %}
{% do messages.append('when count(case when not (' ~ condition ~ ') then 1 end) > 0 then ' ~ text_literal(condition)) %}
{% endfor %}

with wrong_hashes as (
    select {{ key_hash }} as key_hash
    from {{ model }}
    group by {{ key_hash }}
    having {{ wrong | join(' or ') }}
)

select
    {{ columns | join(', ') }},
    count(*) as occurrences,
    case
        {{ messages | join('\n        ') }}
        else 'unique: {{ columns | join(', ') }}'
    end as broken_rule
from {{ model }}
where {{ key_hash }} in (select wrong_hashes.key_hash from wrong_hashes)
group by {{ columns | join(', ') }}
having {{ wrong | join(' or ') }}
{% for column in unique %}
union all
select
    {{ columns | join(', ') }},
    1 as occurrences,
    'unique: {{ column }}' as broken_rule
from {{ model }}
where
    {{ column }} in (
        select repeated.{{ column }} from {{ model }} as repeated group by repeated.{{ column }} having count(*) > 1
    )
{% endfor %}

{% endtest %}
