-- The coefficients of four small fits with two features, by the steps that repeat themselves and by those that are
-- written out. The expected values come from another method, which halves its steps until the likelihood grows. The
-- second case draws the first coefficient to 0.5, the third is separated perfectly, in the fourth no feature varies.
{% set cells = {
    1: [(-1, 0, 10, 2, 0), (1, 1, 10, 7, 0), (0, -1, 4, 1, 0)],
    2: [(-1, 0, 10, 2, 0.5), (1, 1, 10, 7, 0.5), (0, -1, 4, 1, 0.5)],
    3: [(-1, -2, 100, 0, 0), (1, 1, 100, 100, 0)],
    4: [(0, 0, 8, 2, 0.7)],
    5: [],
} %}
{% set expected = {
    1: [-0.508269, 0.69705, 0.478193],
    2: [-0.499549, 0.832517, 0.400501],
    3: [1.126975, 1.502633, 2.253949],
    4: [-1.098612, 0.7, 0],
} %}
{% set repeated %}{{ converging_newton_steps('cells', ['one', 'two'], {'one': 'prior_one'}) }}{% endset %}
{% set written_out %}{{ written_out_newton_steps('cells', ['one', 'two'], {'one': 'prior_one'}) }}{% endset %}

with computed as (
    {% for case, rows in cells.items() %}
    {% for steps in [repeated, written_out] %}
    select
        {{ case }} as case_number,
        {{ loop.index }} as steps,
        fits.b0,
        fits.b1,
        fits.b2
    from (
        {{ with_recursion() }} cells as (
            select
                cast(one as double) as one,
                cast(two as double) as two,
                cast(people as double) as people,
                cast(positives as double) as positives,
                cast(prior_one as double) as prior_one
            from (
                {% for row in rows %}
                select
                    {{ row[0] }} as one,
                    {{ row[1] }} as two,
                    {{ row[2] }} as people,
                    {{ row[3] }} as positives,
                    {{ row[4] }} as prior_one
                union all
                {% endfor %}
                select
                    0 as one,
                    0 as two,
                    0 as people,
                    0 as positives,
                    0 as prior_one
                where false
            ) as given
        ),

        {{ steps }}

        select * from fitted
    ) as fits
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

expected as (
    {% for case, coefficients in expected.items() %}
    select
        {{ case }} as case_number,
        {{ coefficients[0] }} as b0,
        {{ coefficients[1] }} as b1,
        {{ coefficients[2] }} as b2
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

counted as (
    select
        expected.case_number,
        count(computed.steps) as fits
    from expected
    left join computed
        on
            expected.case_number = computed.case_number
            and abs(expected.b0 - computed.b0) < 1e-5
            and abs(expected.b1 - computed.b1) < 1e-5
            and abs(expected.b2 - computed.b2) < 1e-5
    group by expected.case_number
)

select case_number
from counted
where fits <> 2
union all
-- Without a cell there is no fit.
select case_number
from computed
where case_number = 5
