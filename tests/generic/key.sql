{#-
    Rows that share the values of `columns`, and rows without a value in one of these (but for the
    `nullable`) or of `not_null`.
-#}
{% test key(model, columns, nullable=[], not_null=[]) %}

select
    {{ columns | join(',\n    ') }},
    count(*) as occurrences
from {{ model }}
group by {{ columns | join(', ') }}
having
    count(*) > 1
    {% for column in columns + not_null if column not in nullable %}
    or count({{ column }}) < count(*)
    {% endfor %}

{% endtest %}
