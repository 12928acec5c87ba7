{#-
    The statistics of experiments and holdouts: who is in which arm, whether the arms have the planned sizes, and how far
    two arms differ. All work on sums. Their arguments are columns that an earlier CTE named, as in statistics.sql, which
    has the intervals of Wilson and Newcombe, the pooled test and the false discovery rate.
-#}

{#- z of 95 percent confidence, and z of 80 percent power, which the smallest visible effect needs as well. -#}
{% macro z_of_95_percent() -%}
    1.959963984540054e0
{%- endmacro %}

{% macro z_of_80_percent_power() -%}
    8.416212335729143e-1
{%- endmacro %}

{#-
    Where a unit falls between 0 and 1: the first 8 hex digits of md5(salt ':' unit), divided by 2^32. The same unit and
    salt give the same number for ever (F85).
-#}
{% macro hash_bucket(salt, unit) -%}
    cast({{ number_of_hex("left(md5(" ~ salt ~ " || ':' || " ~ unit ~ "), 8)") }} as double) / 4294967296
{%- endmacro %}

{% macro number_of_hex(digits) -%}
    {{ adapter.dispatch('number_of_hex')(digits) }}
{%- endmacro %}

{% macro default__number_of_hex(digits) -%}
    cast('0x' || {{ digits }} as bigint)
{%- endmacro %}

{% macro spark__number_of_hex(digits) -%}
    cast(conv({{ digits }}, 16, 10) as bigint)
{%- endmacro %}

{#-
    The z that a standard normal exceeds with the probability `tail`, above 0 and up to 0.5: Acklam's rational
    approximation, within 1.2e-9 of its value.
-#}
{% macro upper_z(tail) -%}
    {%- set far -%}
        sqrt(-2 * ln(cast({{ tail }} as double)))
    {%- endset -%}
    {%- set near -%}
        (cast({{ tail }} as double) - 0.5e0)
    {%- endset -%}
    {%- set square = '(' ~ near ~ ' * ' ~ near ~ ')' -%}
    case
        when {{ tail }} <= 0 or {{ tail }} > 0.5 then null
        when {{ tail }} < 0.02425 then
            -{{ horner([
                '-7.784894002430293e-03', '-3.223964580411365e-01', '-2.400758277161838e+00', '-2.549732539343734e+00',
                '4.374664141464968e+00', '2.938163982698783e+00',
            ], far) }}
            / {{ horner([
                '7.784695709041462e-03', '3.224671290700398e-01', '2.445134137142996e+00', '3.754408661907416e+00', '1e0',
            ], far) }}
        else
            -{{ near }} * {{ horner([
                '-3.969683028665376e+01', '2.209460984245205e+02', '-2.759285104469687e+02', '1.383577518672690e+02',
                '-3.066479806614716e+01', '2.506628277459239e+00',
            ], square) }}
            / {{ horner([
                '-5.447609879822406e+01', '1.615858368580409e+02', '-1.556989798598866e+02', '6.680131188771972e+01',
                '-1.328068155288572e+01', '1e0',
            ], square) }}
    end
{%- endmacro %}

{#- A polynomial in x by Horner's rule, the coefficient of the highest power first. -#}
{% macro horner(coefficients, x) -%}
    {%- set polynomial = namespace(text=coefficients[0]) -%}
    {%- for coefficient in coefficients[1:] -%}
        {%- set polynomial.text = '(' ~ polynomial.text ~ ' * ' ~ x ~ ' + ' ~ coefficient ~ ')' -%}
    {%- endfor -%}
    {{ polynomial.text }}
{%- endmacro %}

{#-
    p of a chi-squared statistic with 1 to 9 degrees of freedom, so for 2 to 10 arms. `normal_p` is the two-sided p of
    sqrt(statistic) as a standard normal, which is the answer for one degree. Each two degrees more add one term:
    Q(x, k) = Q(x, k - 2) + (x / 2)^(k / 2 - 1) * exp(-x / 2) / Gamma(k / 2).
-#}
{% macro chi_squared_p(statistic, degrees, normal_p) -%}
    {%- set gammas = [
        '1e0', '8.862269254527580e-1', '1e0', '1.3293403881791370e0', '2e0', '3.3233509704478426e0', '6e0',
        '1.1631728396567448e1',
    ] -%}
    case when {{ degrees }} between 1 and 9 then
        case when {{ degrees }} % 2 = 1 then {{ normal_p }} else 0 end
        + exp(-{{ statistic }} / 2) * (
            0e0
            {%- for gamma in gammas %}
            {%- set k = loop.index + 1 %}
            + case
                when {{ degrees }} >= {{ k }} and {{ degrees }} % 2 = {{ k % 2 }}
                    then power({{ statistic }} / 2e0, {{ k / 2 - 1 }}) / {{ gamma }}
                else 0
            end
            {%- endfor %}
        )
    end
{%- endmacro %}

{#- The sample variance of a sum, its squares and a number of units; NULL below two units. -#}
{% macro sample_variance(total, squares, units) -%}
    case when {{ units }} > 1 then
        greatest(0, {{ squares }} - cast({{ total }} as double) * {{ total }} / {{ units }}) / ({{ units }} - 1)
    end
{%- endmacro %}

{#- The sample covariance of two sums and the sum of their products. -#}
{% macro sample_covariance(total_1, total_2, products, units) -%}
    case when {{ units }} > 1 then
        ({{ products }} - cast({{ total_1 }} as double) * {{ total_2 }} / {{ units }}) / ({{ units }} - 1)
    end
{%- endmacro %}

{#-
    The sample variance that one unit adds to the ratio of two sums, by the delta method: divided by the number of units
    it is the squared standard error of the ratio.
-#}
{% macro ratio_variance(ratio, mean_of_denominator, variance_of_numerator, variance_of_denominator, covariance) -%}
    greatest(
        0,
        {{ variance_of_numerator }} - 2 * {{ ratio }} * {{ covariance }}
        + {{ ratio }} * {{ ratio }} * {{ variance_of_denominator }}
    ) / nullif({{ mean_of_denominator }} * {{ mean_of_denominator }}, 0)
{%- endmacro %}

{#-
    The factor of CUPED (Deng and others 2013): how much of the metric before the exposure is taken off the metric after
    it. 0 where the metric before does not vary.
-#}
{% macro cuped_factor(covariance, variance_before) -%}
    coalesce({{ covariance }} / nullif({{ variance_before }}, 0), 0)
{%- endmacro %}

{#- The variance of a metric after that; never below 0. -#}
{% macro cuped_variance(variance, variance_before, covariance, factor) -%}
    greatest(0, {{ variance }} - 2 * {{ factor }} * {{ covariance }} + {{ factor }} * {{ factor }} * {{ variance_before }})
{%- endmacro %}

{#- Welch's degrees of freedom of two squared standard errors. -#}
{% macro welch_degrees(squared_error_1, units_1, squared_error_0, units_0) -%}
    ({{ squared_error_1 }} + {{ squared_error_0 }}) * ({{ squared_error_1 }} + {{ squared_error_0 }}) / nullif(
        {{ squared_error_1 }} * {{ squared_error_1 }} / nullif({{ units_1 }} - 1, 0)
        + {{ squared_error_0 }} * {{ squared_error_0 }} / nullif({{ units_0 }} - 1, 0), 0
    )
{%- endmacro %}

{#- Wallace (1959): the standard normal z that is as rare as t with so many degrees of freedom; and the way back. -#}
{% macro z_of_t(t, degrees) -%}
    sign({{ t }}) * (8 * {{ degrees }} + 1) / (8 * {{ degrees }} + 3)
    * sqrt({{ degrees }} * ln(1 + {{ t }} * {{ t }} / {{ degrees }}))
{%- endmacro %}

{% macro t_of_z(z, degrees) -%}
    sign({{ z }}) * sqrt({{ degrees }} * (exp(
        power({{ z }} * (8 * {{ degrees }} + 3) / (8 * {{ degrees }} + 1), 2) / {{ degrees }}
    ) - 1))
{%- endmacro %}

{#-
    An interval that is valid on every day of an experiment (Waudby-Smith and others 2021): this many standard errors on
    either side. `rate` comes from `always_valid_rate` and makes the interval narrowest at the planned number of units.
-#}
{% macro always_valid_rate(planned_units, alpha) -%}
    (-2 * ln({{ alpha }}) + ln(1 - 2 * ln({{ alpha }}))) / nullif(cast({{ planned_units }} as double), 0)
{%- endmacro %}

{% macro always_valid_errors(units, rate, alpha) -%}
    sqrt(
        ({{ units }} * {{ rate }} + 1) / nullif({{ units }} * {{ rate }}, 0)
        * ln(({{ units }} * {{ rate }} + 1) / ({{ alpha }} * {{ alpha }}))
    )
{%- endmacro %}

{#-
    p after Holm (1979): the least error rate of the whole family at which this test is still significant. `p_rank` is
    the rank of its p-value in its family, from 1.
-#}
{% macro holm_p(p_value, tests, p_rank, family=[]) -%}
    least(1, max({{ p_value }} * ({{ tests }} - {{ p_rank }} + 1)) over (
        {% if family %}partition by {{ family | join(', ') }}{% endif %}
        order by {{ p_rank }}
        rows between unbounded preceding and current row
    ))
{%- endmacro %}

{#- One end of Katz's interval (1978) of a ratio of two shares. NULL without a success on either side. -#}
{% macro katz_bound(successes_1, trials_1, successes_0, trials_0, side, z='1.959963984540054e0') -%}
    case when {{ successes_1 }} > 0 and {{ successes_0 }} > 0 then
        ({{ share(successes_1, trials_1) }}) / ({{ share(successes_0, trials_0) }})
        * exp({{ side }} {{ z }} * sqrt(greatest(
            0,
            1 / cast({{ successes_1 }} as double) - 1 / cast({{ trials_1 }} as double)
            + 1 / cast({{ successes_0 }} as double) - 1 / cast({{ trials_0 }} as double)
        )))
    end
{%- endmacro %}

{#-
    The smallest difference that two arms of these sizes show with 80 percent power. `variance` is that of one unit, the
    same in both arms: p * (1 - p) for a share p. `z` is that of the confidence.
-#}
{% macro smallest_effect(variance, units_1, units_0, z='1.959963984540054e0') -%}
    ({{ z }} + {{ z_of_80_percent_power() }}) * sqrt(
        {{ variance }} * (1 / nullif(cast({{ units_1 }} as double), 0) + 1 / nullif(cast({{ units_0 }} as double), 0))
    )
{%- endmacro %}
