{#-
    Statistics in steps: the macros take columns that an earlier CTE named, not expressions. Expressions
    that are written out again in each step grow fast, and the engine then spends longer on parsing the
    query than on answering it.
-#}

{#-
    The sum of fractions, as a double. Doubles that are added in another order give other last digits, and the engine's
    threads decide the order. So each value is rounded to `places` first: the sum of decimals is exact, and two builds of
    the same rows agree to the last bit. `digits` are all digits that a value may have.
-#}
{% macro exact_sum(value, places, digits=18) -%}
    cast(sum(cast({{ value }} as decimal({{ digits }}, {{ places }}))) as double)
{%- endmacro %}

{#- Their mean; NULL without a value. -#}
{% macro exact_mean(value, places, digits=18) -%}
    {{ exact_sum(value, places, digits) }} / nullif(count({{ value }}), 0)
{%- endmacro %}

{#- A proportion 0-1 for its interval; successes are capped at trials. NULL without trials. -#}
{% macro proportion(successes, trials) -%}
    {{ share('least(' ~ successes ~ ', ' ~ trials ~ ')', trials) }}
{%- endmacro %}

{#- The trials of a proportion for its interval; NULL instead of 0. -#}
{% macro sample_size(trials) -%}
    nullif(cast({{ trials }} as double), 0)
{%- endmacro %}

{#-
    One end of the Wilson score interval of a proportion p of n, 0-1 (Wilson 1927), z = 1.96 for 95
    percent, or a column with another z. `side` is '-' for the lower and '+' for the upper end; p and n come from the
    macros above.
-#}
{% macro wilson_bound(p, n, side, z='1.96e0') -%}
    {%- set z_squared = '3.8416e0' if z == '1.96e0' else '(' ~ z ~ ' * ' ~ z ~ ')' -%}
    (
        {{ p }} + {{ z_squared }} / (2 * {{ n }})
        {{ side }} {{ z }} * sqrt({{ p }} * (1 - {{ p }}) / {{ n }} + {{ z_squared }} / (4 * {{ n }} * {{ n }}))
    ) / (1 + {{ z_squared }} / {{ n }})
{%- endmacro %}

{#-
    One end of Newcombe's interval for a difference of two proportions p1 - p2 (Newcombe 1998, method
    10), 95 percent: from the Wilson bound of p1 on the same side and that of p2 on the other one.
-#}
{% macro newcombe_bound(p1, bound_1, p2, bound_2, side) -%}
    {{ p1 }} - {{ p2 }} {{ side }} sqrt(
        ({{ p1 }} - {{ bound_1 }}) * ({{ p1 }} - {{ bound_1 }}) + ({{ p2 }} - {{ bound_2 }}) * ({{ p2 }} - {{ bound_2 }})
    )
{%- endmacro %}

{#-
    Two-sided p of a standard normal z: erfc(|z| / sqrt 2), within 1e-12 of its value for any |z| < 38,
    in four steps. erfc(x) = t * exp(-x * x + P(u)) with t = 2 / (2 + x), u = 2 t - 1 and P a Chebyshev
    fit of degree 19.
-#}
{% macro erfc_x(z) -%}
    abs({{ z }}) / sqrt(cast(2 as double))
{%- endmacro %}

{% macro erfc_t(x) -%}
    2 / (2 + {{ x }})
{%- endmacro %}

{% macro erfc_u(t) -%}
    2 * {{ t }} - 1
{%- endmacro %}

{% macro two_sided_p(x, t, u) -%}
    {{ adapter.dispatch('two_sided_p')(x, t, u) }}
{%- endmacro %}

{#- The coefficients of P, the highest power first. -#}
{% macro erfc_coefficients() -%}
    {{ return([
        '3.440140606085899e-07', '-9.690566363829978e-07', '-1.4340769711415637e-06', '7.494306184701952e-06',
        '-1.2898921991238577e-06', '-2.8842236059248713e-05', '3.254739196058578e-05', '7.046390923726724e-05',
        '-1.7456737085313147e-04', '-9.334386479478269e-05', '6.737246007943943e-04', '-1.4634478005622441e-04',
        '-2.3458149057291847e-03', '1.7589475148619854e-03', '8.824938215637176e-03', '-9.872690370596042e-03',
        '-4.68956101885152e-02', '4.7343306869783996e-02', '6.726432239766993e-01', '-6.717940840568193e-01',
    ]) }}
{%- endmacro %}

{% macro default__two_sided_p(x, t, u) -%}
    {%- set polynomial = namespace(text='0e0') -%}
    {%- for coefficient in erfc_coefficients() -%}
        {%- set polynomial.text = '(' ~ polynomial.text ~ ' * ' ~ u ~ ' + ' ~ coefficient ~ ')' -%}
    {%- endfor -%}
    {{ t }} * exp(-{{ x }} * {{ x }} + {{ polynomial.text }})
{%- endmacro %}

{#-
    The same polynomial as one product of two lists: a plan of forty nested operations costs a question six milliseconds
    more. No lambda, because DuckDB 1.2 does not know the syntax of later versions. The product accepts no NULL; without
    u there is no t either, and the whole is NULL.
-#}
{% macro duckdb__two_sided_p(x, t, u) -%}
    {%- set coefficients = erfc_coefficients() -%}
    {{ t }} * exp(-{{ x }} * {{ x }} + list_dot_product(
        [{{ coefficients | join(', ') }}],
        [
            {%- for coefficient in coefficients -%}
            power(coalesce({{ u }}, 0e0), {{ loop.revindex0 }}){{ ', ' if not loop.last }}
            {%- endfor -%}
        ]
    ))
{%- endmacro %}

{#- z of the pooled two-proportion test of one group against another; NULL without variation. -#}
{% macro pooled_z(successes_1, trials_1, successes_2, trials_2) -%}
    {%- set pooled -%}
        (cast({{ successes_1 }} + {{ successes_2 }} as double) / nullif({{ trials_1 }} + {{ trials_2 }}, 0))
    {%- endset -%}
    ({{ share(successes_1, trials_1) }} - {{ share(successes_2, trials_2) }}) / nullif(sqrt(
        {{ pooled }} * (1 - {{ pooled }}) * (
            1 / nullif(cast({{ trials_1 }} as double), 0) + 1 / nullif(cast({{ trials_2 }} as double), 0)
        )
    ), 0)
{%- endmacro %}

{#-
    Moment estimate of the intra-class correlation of a beta-binomial (Kleinman 1973), 0-1: the part of
    the variance of a rate that is between the groups. 0 (full pooling) if the groups differ by no more
    than chance, or if there is nothing to compare. `sum_of_squares` is the sum between the groups,
    weighted by trials; `squared_trials` is the sum over groups of their squared trials.
-#}
{% macro intra_class_correlation(groups, trials, squared_trials, mean, sum_of_squares) -%}
    cast(case
        when {{ groups }} < 2 or {{ mean }} * (1 - {{ mean }}) = 0 then 0
        when {{ trials }} - {{ squared_trials }} / {{ trials }} - ({{ groups }} - 1) <= 0 then 0
        else greatest(0, least(
            1,
            ({{ sum_of_squares }} / ({{ mean }} * (1 - {{ mean }})) - ({{ groups }} - 1))
            / ({{ trials }} - {{ squared_trials }} / {{ trials }} - ({{ groups }} - 1))
        ))
    end as double)
{%- endmacro %}

{#-
    The squared distance of a group's successes from what the mean would give, in units of the variance that chance
    alone would give. NULL if nothing varies.
-#}
{% macro z_squared(successes, trials, mean) -%}
    ({{ successes }} - {{ trials }} * {{ mean }}) * ({{ successes }} - {{ trials }} * {{ mean }})
    / nullif({{ trials }} * {{ mean }} * (1 - {{ mean }}), 0)
{%- endmacro %}

{#-
    What one group alone says about the intra-class correlation of a beta-binomial. The median of z squared is 0.4549 of
    its mean (z is nearly normal), so that the median of these values over the groups estimates the correlation, and no
    extreme group can pull it far. Below 0 if the group lies nearer to the mean than chance would have it; NULL for a
    group of one trial.
-#}
{% macro group_correlation(z_squared, trials) -%}
    ({{ z_squared }} / 4.549364231195727e-1 - 1) / nullif({{ trials }} - 1, 0)
{%- endmacro %}

{#-
    The q-value of Benjamini and Hochberg (1995): the least false discovery rate at which this test is still among the
    discoveries. `p_rank` is the rank of its p-value among all tests, from 1; `family` are the columns of the tests that
    are corrected together, if a relation has several families. Divide before multiplying: at the last rank the quotient
    is 1, so that rounding makes no q smaller than its p.
-#}
{% macro q_value(p_value, tests, p_rank, family=[]) -%}
    least(1, min({{ p_value }} * ({{ tests }} / {{ p_rank }})) over (
        {% if family %}partition by {{ family | join(', ') }}{% endif %}
        order by {{ p_rank }} desc
        rows between unbounded preceding and current row
    ))
{%- endmacro %}

{#-
    The correlation of two paired yes-or-no answers for newcombe_paired_bound (Newcombe 1998, Statistics in Medicine 17,
    2635-2650, method 10), from the numbers of pairs with both, only the first, only the second and neither: phi with a
    continuity correction. 0 if an answer does not vary.
-#}
{% macro paired_correlation(both, first_only, second_only, neither) -%}
    {%- set product -%} (cast({{ both }} as double) * {{ neither }} - cast({{ first_only }} as double) * {{ second_only }}) {%- endset -%}
    {%- set half -%} (cast({{ both }} + {{ first_only }} + {{ second_only }} + {{ neither }} as double) / 2) {%- endset -%}
    coalesce(
        case
            when {{ product }} > {{ half }} then {{ product }} - {{ half }}
            when {{ product }} < 0 then {{ product }}
            else 0
        end / nullif(sqrt(
            cast({{ both }} + {{ first_only }} as double) * ({{ second_only }} + {{ neither }})
            * cast({{ both }} + {{ second_only }} as double) * ({{ first_only }} + {{ neither }})
        ), 0), 0
    )
{%- endmacro %}

{#-
    One end of Newcombe's interval for a difference of two paired proportions p1 - p2, 95 percent: as newcombe_bound, less
    what the two have in common.
-#}
{% macro newcombe_paired_bound(p1, bound_1, p2, bound_2, correlation, side) -%}
    {{ p1 }} - {{ p2 }} {{ side }} sqrt(greatest(
        0, ({{ p1 }} - {{ bound_1 }}) * ({{ p1 }} - {{ bound_1 }}) + ({{ p2 }} - {{ bound_2 }}) * ({{ p2 }} - {{ bound_2 }})
        - 2 * {{ correlation }} * abs(({{ p1 }} - {{ bound_1 }}) * ({{ p2 }} - {{ bound_2 }}))
    ))
{%- endmacro %}
