{#-
    Rows that share the values of `columns`, and rows without a value in one of these (but for the
    `nullable`) or of `not_null`. Numbers are far cheaper to group than texts: only rows whose hash is that
    of such a row are compared.
-#}
{% test key(model, columns, nullable=[], not_null=[]) %}

{% set key_hash = short_hash(columns | join(', ')) %}
{% set is_wrong %}
    count(*) > 1
    {% for column in columns + not_null if column not in nullable %}
    or count({{ column }}) < count(*)
    {% endfor %}
{% endset %}

with wrong_hashes as (
    select {{ key_hash }} as key_hash
    from {{ model }}
    group by {{ key_hash }}
    having {{ is_wrong }}
)

select
    {{ columns | join(',\n    ') }},
    count(*) as occurrences
from {{ model }}
where {{ key_hash }} in (select wrong_hashes.key_hash from wrong_hashes)
group by {{ columns | join(', ') }}
having {{ is_wrong }}

{% endtest %}
