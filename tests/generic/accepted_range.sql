{#- Values of a column outside [min_value, max_value]; NULLs pass, and so does the end that is not given. -#}
{% test accepted_range(model, column_name, min_value=none, max_value=none) %}

select {{ column_name }}
from {{ model }}
where
    {{ column_name }} < {{ column_name if min_value is none else min_value }}
    or {{ column_name }} > {{ column_name if max_value is none else max_value }}

{% endtest %}
