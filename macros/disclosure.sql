{#-
    The rule that hides small groups: see segment_hidden. An answer about fewer people than small_group
    in the seed rules points at persons.
-#}

{#- Is one of these counts about somebody, but about too few? Needs the column `minimum_people`; 0 is nobody. -#}
{% macro is_small_group(counts) -%}
    coalesce(
        {%- for count in counts %}
        {{ count }} between 1 and minimum_people - 1
        {%- if not loop.last %} or {% endif %}
        {%- endfor %},
        false
    )
{%- endmacro %}

{#-
    The rows of a relation, with is_small and is_hidden. The relation has a row per group of people with the columns
    `people`, `other_people` (a second group whose number the row says, or 0), `minimum_people` and `row_key`;
    rows with the same `totals` add up. A total less the rows that are shown tells of the hidden ones, so these are
    at least two rows and together about enough people. The smallest are hidden first.
-#}
{% macro hidden_among_totals(relation, totals) -%}
    select
        *,
        has_small and (is_small or size_rank <= 2 or people_before < minimum_people) as is_hidden
    from (
        select
            *,
            bool_or(is_small) over (partition by {{ totals }}) as has_small,
            row_number() over smallest_first as size_rank,
            sum(people) over smallest_first - people as people_before
        from (
            select
                *,
                {{ is_small_group(['people', 'other_people']) }} as is_small
            from {{ relation }}
        ) as sized
        window smallest_first as (
            partition by {{ totals }}
            order by case when is_small then 0 when people > 0 then 1 else 2 end, people, row_key
            rows unbounded preceding
        )
    ) as ranked
{%- endmacro %}

{#- The argument with which one function asks another about the same list. Unit tests override it with a comment. -#}
{% macro same_list() -%} (svids) {%- endmacro %}

{#-
    The columns that give a figure of the segment away, as rows of figure, function_name and column_name. `segment` is
    the number of people itself: it is hidden only with everything else.
-#}
{% macro columns_of_figures() -%}
    {#- These count rows or mailings with an open or a click. A mailing that only an answer proves is delivered. -#}
    {%- set of_either = [
        'unique_delivered', 'unique_opens', 'unique_open_rate', 'unique_click_rate',
        'answers', 'machine_answers', 'machine_share',
    ] -%}
    {%- set figures = {
        'segment': {'segment_summary': ['known']},
        'linked': {'segment_summary': ['linked']},
        'behavior': {'segment_summary': ['with_behavior', 'coverage_rate']},
        'donors': {'segment_summary': ['donors', 'donation_count']},
        'clicks': {
            'segment_summary': ['clickers', 'total_clicks'],
            'segment_affinity': [
                'clicks', 'unique_clicks', 'click_rate', 'click_to_open_rate',
                'affinity_score', 'affinity_score_adjusted', 'affinity_rank',
            ] + of_either,
            'segment_health': [
                'clicks', 'unique_clicks', 'click_rate', 'click_rate_status', 'click_rate_is_certain',
                'click_to_open_rate', 'click_to_open_rate_status', 'click_to_open_rate_is_certain',
            ] + of_either,
        },
        'opens': {
            'segment_summary': ['total_opens'],
            'segment_affinity': [
                'opens', 'open_rate', 'click_to_open_rate',
                'affinity_score', 'affinity_score_adjusted', 'affinity_rank',
            ] + of_either,
            'segment_health': [
                'opens', 'open_rate', 'open_rate_status', 'open_rate_is_certain',
                'click_to_open_rate', 'click_to_open_rate_status', 'click_to_open_rate_is_certain',
            ] + of_either,
        },
    } -%}
    select * from (
        values
        {%- for figure, functions in figures.items() %}
        {%- set last_figure = loop.last %}
        {%- for function_name, column_names in functions.items() %}
        {%- set last_function = loop.last %}
        {%- for column_name in column_names %}
        ('{{ figure }}', '{{ function_name }}', '{{ column_name }}')
        {%- if not (last_figure and last_function and loop.last) %},{% endif %}
        {%- endfor %}
        {%- endfor %}
        {%- endfor %}
    ) as listed_columns (figure, function_name, column_name)
{%- endmacro %}
