-- The rule that hides small groups, minimum 11: of each total the sizes, then the people and the rows that stay.
-- Ten alone would be the total less the others, so that the next row is hidden with it. Two rows of five are ten
-- people together, which is too few. A row about nobody stays.
{% set totals = [
    ([5000, 400, 30], 5430, 3),
    ([5000, 400, 10], 5000, 1),
    ([5000, 6, 5], 5000, 1),
    ([5000, 30, 5, 5], 5000, 1),
    ([5000, 3], 0, 0),
    ([10], 0, 0),
    ([11], 11, 1),
    ([5000, 400, 0], 5400, 3),
] %}

with sizes as (
    {% for sizes, people_expected, rows_expected in totals %}
    {% set total = loop %}
    {% for size in sizes %}
    select
        {{ total.index }} as total_number,
        {{ people_expected }} as people_expected,
        {{ rows_expected }} as rows_expected,
        {{ size }} as people,
        0 as other_people,
        11 as minimum_people,
        'group {{ loop.index }}' as row_key
    {% if not (total.last and loop.last) %}
    union all
    {% endif %}
    {% endfor %}
    {% endfor %}
),

hidden as (
    {{ hidden_among_totals('sizes', 'total_number') }}
)

select
    total_number,
    people_expected,
    rows_expected,
    sum(case when is_hidden then 0 else people end) as people_shown,
    count(case when not is_hidden then 1 end) as rows_shown
from hidden
group by total_number, people_expected, rows_expected
having
    sum(case when is_hidden then 0 else people end) <> people_expected
    or count(case when not is_hidden then 1 end) <> rows_expected
