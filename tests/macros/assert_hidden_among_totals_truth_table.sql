-- The rule that hides small groups, minimum 11: which sizes of one total stay.
with sizes as (
    {% for number, sizes in [
        (1, [5000, 400, 30]), (2, [5000, 400, 10]), (3, [5000, 6, 5]), (4, [5000, 30, 5, 5]), (5, [5000, 3]),
        (6, [10]), (7, [11]), (8, [5000, 400, 0]),
    ] %}
    {% set last_total = loop.last %}
    {% for size in sizes %}
    select
        {{ number }} as total_number,
        {{ size }} as people,
        0 as other_people,
        11 as minimum_people,
        'group {{ loop.index }}' as row_key
    {% if not (last_total and loop.last) %}
    union all
    {% endif %}
    {% endfor %}
    {% endfor %}
),

hidden as (
    {{ hidden_among_totals('sizes', 'total_number') }}
),

shown as (
    select
        total_number,
        sum(case when is_hidden then 0 else people end) as people_shown,
        count(case when not is_hidden then 1 end) as rows_shown
    from hidden
    group by total_number
),

expected as (
    select 1 as total_number, 5430 as people_expected, 3 as rows_expected
    union all
    -- Ten alone would be the total less the others: the next is hidden with it.
    select 2 as total_number, 5000 as people_expected, 1 as rows_expected
    union all
    select 3 as total_number, 5000 as people_expected, 1 as rows_expected
    union all
    -- Two of five are about ten people together, which is too few.
    select 4 as total_number, 5000 as people_expected, 1 as rows_expected
    union all
    select 5 as total_number, 0 as people_expected, 0 as rows_expected
    union all
    select 6 as total_number, 0 as people_expected, 0 as rows_expected
    union all
    select 7 as total_number, 11 as people_expected, 1 as rows_expected
    union all
    -- Nobody is no person.
    select 8 as total_number, 5400 as people_expected, 3 as rows_expected
)

select *
from expected
left join shown
    on expected.total_number = shown.total_number
where
    people_shown is distinct from people_expected
    or rows_shown is distinct from rows_expected
