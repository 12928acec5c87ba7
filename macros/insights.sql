{#- A text with its placeholders filled in: `values` maps each name, written {name} in the text, to a text expression. -#}
{% macro filled_in(text, values) -%}
    {%- set filled = namespace(text=text) -%}
    {%- for name, value in values.items() -%}
        {%- set filled.text = 'replace(' ~ filled.text ~ ", '{" ~ name ~ "}', " ~ value ~ ')' -%}
    {%- endfor -%}
    {{ filled.text }}
{%- endmacro %}

{#- A share 0-1 as a percentage in words, 1 place. -#}
{% macro percent_text(share) -%}
    cast(round(100 * {{ share }}, 1) as varchar)
{%- endmacro %}
