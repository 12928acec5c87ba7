{#-
    Drops a relation that dbt knows to be there. After each model dbt drops the backup of what the model has replaced:
    in a new file there is none, and all these statements are a tenth of a small build.
-#}
{% macro drop_relation_if_exists(relation) %}
    {% if relation is not none and load_cached_relation(relation) is not none %}
        {{ adapter.drop_relation(relation) }}
    {% endif %}
{% endmacro %}
