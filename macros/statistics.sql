{#-
    One end of the Wilson score interval of a proportion, 0-1 (Wilson 1927), z = 1.96 for 95 percent.
    `side` is '-' for the lower and '+' for the upper end. NULL without trials; a proportion above 1
    has no interval, and is held at 1.
-#}
{% macro wilson_bound(successes, trials, side) -%}
    {%- set z = '1.96' -%}
    {%- set n = 'nullif(cast(' ~ trials ~ ' as double), 0)' -%}
    {%- set p = '(least(cast(' ~ successes ~ ' as double), cast(' ~ trials ~ ' as double)) / ' ~ n ~ ')' -%}
    (
        {{ p }} + {{ z }} * {{ z }} / (2 * {{ n }})
        {{ side }} {{ z }} * sqrt({{ p }} * (1 - {{ p }}) / {{ n }} + {{ z }} * {{ z }} / (4 * {{ n }} * {{ n }}))
    ) / (1 + {{ z }} * {{ z }} / {{ n }})
{%- endmacro %}

{#-
    One end of Newcombe's interval for a difference of two proportions p1 - p2 (Newcombe 1998, method
    10: Wilson bounds of either side), 95 percent.
-#}
{% macro newcombe_bound(successes_1, trials_1, successes_2, trials_2, side) -%}
    {%- set other_side = '+' if side == '-' else '-' -%}
    {%- set p1 = share(successes_1, trials_1) -%}
    {%- set p2 = share(successes_2, trials_2) -%}
    {%- set bound_1 = wilson_bound(successes_1, trials_1, side) -%}
    {%- set bound_2 = wilson_bound(successes_2, trials_2, other_side) -%}
    {{ p1 }} - {{ p2 }} {{ side }} sqrt(
        ({{ p1 }} - {{ bound_1 }}) * ({{ p1 }} - {{ bound_1 }}) + ({{ p2 }} - {{ bound_2 }}) * ({{ p2 }} - {{ bound_2 }})
    )
{%- endmacro %}

{#-
    Two-sided p of a standard normal z: erfc(|z| / sqrt 2), within 1e-12 of its value for any |z| < 38.
    erfc(x) = t * exp(-x * x + P(2 t - 1)) with t = 2 / (2 + x) and P a Chebyshev fit of degree 19.
-#}
{% macro two_sided_p(z) -%}
    {{ adapter.dispatch('two_sided_p')(z) }}
{%- endmacro %}

{% macro default__two_sided_p(z) -%}
    {%- set x = '(abs(' ~ z ~ ') / sqrt(cast(2 as double)))' -%}
    {%- set t = '(2 / (2 + ' ~ x ~ '))' -%}
    {%- set polynomial = namespace(text='cast(0 as double)') -%}
    {%- for coefficient in [
        '3.440140606085899e-07', '-9.690566363829978e-07', '-1.4340769711415637e-06', '7.494306184701952e-06',
        '-1.2898921991238577e-06', '-2.8842236059248713e-05', '3.254739196058578e-05', '7.046390923726724e-05',
        '-0.00017456737085313147', '-9.334386479478269e-05', '0.0006737246007943943', '-0.00014634478005622441',
        '-0.0023458149057291847', '0.0017589475148619854', '0.008824938215637176', '-0.009872690370596042',
        '-0.0468956101885152', '0.047343306869783996', '0.6726432239766993', '-0.6717940840568193',
    ] -%}
        {%- set polynomial.text = '(' ~ polynomial.text ~ ' * (2 * ' ~ t ~ ' - 1) + cast(' ~ coefficient ~ ' as double))' -%}
    {%- endfor -%}
    {{ t }} * exp(-{{ x }} * {{ x }} + {{ polynomial.text }})
{%- endmacro %}

{#- z of the pooled two-proportion test of one group against another; NULL where nothing varies. -#}
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
