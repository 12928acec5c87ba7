{#-
    Logistic regression in plain SQL (docs/definitions.md, "Scores that are proven"): Newton's method with a ridge
    penalty (le Cessie and van Houwelingen 1992), on counted cells.
-#}

{#- A feature for a regression: ln(1 + x) in steps of a quarter, so that people fall into cells. x is 0 or above. -#}
{% macro log_quarter(x) -%}
    round(ln(1 + cast({{ x }} as double)) * 4) / 4
{%- endmacro %}

{#-
    The logistic function of a column with log-odds. Beyond 30 it is 0 or 1 to 13 digits; exp() would overflow far
    beyond that. NULL gives NULL.
-#}
{% macro logistic(logit) -%}
    1 / (1 + exp(-case when {{ logit }} > 30 then 30 when {{ logit }} < -30 then -30 else {{ logit }} end))
{%- endmacro %}

{#-
    The mean and the standard deviation of each feature within each fit, weighted by people: columns mean_<feature> and
    deviation_<feature>, one row per fit. A feature that does not vary has the deviation 1. `relation` has the columns
    `fit`, the features and `people`.
-#}
{% macro feature_scales(relation, features) -%}
    select
        fit,
        {% for feature in features %}
        mean_{{ feature }},
        case when variance_{{ feature }} > 1e-9 then sqrt(variance_{{ feature }}) else 1 end as deviation_{{ feature }}
        {{- ',' if not loop.last }}
        {% endfor %}
    from (
        select
            fit,
            {% for feature in features %}
            {{ exact_sum('people * ' ~ feature, 12, 38) }} / sum(people) as mean_{{ feature }},
            {{ exact_sum('people * ' ~ feature ~ ' * ' ~ feature, 12, 38) }} / sum(people)
            - ({{ exact_sum('people * ' ~ feature, 12, 38) }} / sum(people))
            * ({{ exact_sum('people * ' ~ feature, 12, 38) }} / sum(people)) as variance_{{ feature }}
            {{- ',' if not loop.last }}
            {% endfor %}
        from {{ relation }}
        group by fit
    ) as moments
{%- endmacro %}

{#-
    CTEs that fit the log-odds of `positives` among `people` to standardized features, for each `fit` of `relation` on
    its own. Eight Newton steps from 0, each at most 1.5 in any coefficient: data that a feature separates perfectly
    would otherwise run away. The ridge penalty of 1 leaves the intercept alone. The last CTE is `fitted`, one row per
    fit: coefficient_base and coefficient_<feature>, 9 places. All sums are exact, so the result is the same on any number of
    threads. Each step solves its equations by Gaussian elimination, one unknown a CTE.
-#}
{% macro newton_steps(relation, features, steps=8, ridge=1, longest_step=1.5) -%}
    {%- set names = ['base'] + features -%}
    {%- set last = names | length - 1 -%}
    step_0 as (
        select
            fit,
            {% for name in names %}
            cast(0 as double) as b{{ loop.index0 }}{{ ',' if not loop.last }}
            {% endfor %}
        from {{ relation }}
        group by fit
    ),
    {% for step in range(1, steps + 1) %}

    predicted_{{ step }} as (
        select
            cells.*,
            {% for i in range(last + 1) %}
            coefficients.b{{ i }},
            {% endfor %}
            coefficients.b0
            {%- for i in range(1, last + 1) %} + coefficients.b{{ i }} * cells.{{ names[i] }}{% endfor %} as logit
        from {{ relation }} as cells
        inner join step_{{ step - 1 }} as coefficients
            on cells.fit = coefficients.fit
    ),

    rated_{{ step }} as (
        select
            *,
            {{ logistic('logit') }} as probability
        from predicted_{{ step }}
    ),

    weighted_{{ step }} as (
        select
            *,
            people * probability * (1 - probability) as weight,
            positives - people * probability as residual
        from rated_{{ step }}
    ),

    summed_{{ step }} as (
        select
            fit,
            {% for i in range(last + 1) %}
            min(b{{ i }}) as b{{ i }},
            {% for j in range(i, last + 1) %}
            {{ exact_sum('weight' ~ (' * ' ~ names[i] if i) ~ (' * ' ~ names[j] if j), 12, 38) }}
            {{- ' + ' ~ (ridge if i else '1e-9') if i == j }} as h{{ i }}_{{ j }},
            {% endfor %}
            {{ exact_sum('residual' ~ (' * ' ~ names[i] if i), 12, 38) }}
            {{- ' - ' ~ ridge ~ ' * min(b' ~ i ~ ')' if i }} as g{{ i }}{{ ',' if not loop.last }}
            {% endfor %}
        from weighted_{{ step }}
        group by fit
    ),
    {% for pivot in range(last) %}

    eliminated_{{ step }}_{{ pivot }} as (
        select
            fit,
            {% for i in range(last + 1) %}
            b{{ i }},
            {% for j in range(i, last + 1) %}
            {% if i <= pivot %}h{{ i }}_{{ j }}{% else %}h{{ i }}_{{ j }} - h{{ pivot }}_{{ i }} * h{{ pivot }}_{{ j }} / h{{ pivot }}_{{ pivot }} as h{{ i }}_{{ j }}{% endif %},
            {% endfor %}
            {% if i <= pivot %}g{{ i }}{% else %}g{{ i }} - h{{ pivot }}_{{ i }} * g{{ pivot }} / h{{ pivot }}_{{ pivot }} as g{{ i }}{% endif %}{{ ',' if not loop.last }}
            {% endfor %}
        from {{ 'eliminated_' ~ step ~ '_' ~ (pivot - 1) if pivot else 'summed_' ~ step }}
    ),
    {% endfor %}
    {% for unknown in range(last, -1, -1) %}

    solved_{{ step }}_{{ unknown }} as (
        select
            *,
            (
                g{{ unknown }}
                {% for j in range(unknown + 1, last + 1) %}
                - h{{ unknown }}_{{ j }} * d{{ j }}
                {% endfor %}
            ) / h{{ unknown }}_{{ unknown }} as d{{ unknown }}
        from {{ 'solved_' ~ step ~ '_' ~ (unknown + 1) if unknown < last else 'eliminated_' ~ step ~ '_' ~ (last - 1) }}
    ),
    {% endfor %}

    step_{{ step }} as (
        select
            fit,
            {% for i in range(last + 1) %}
            b{{ i }} + greatest(-{{ longest_step }}, least({{ longest_step }}, d{{ i }})) as b{{ i }}
            {{- ',' if not loop.last }}
            {% endfor %}
        from solved_{{ step }}_0
    ),
    {% endfor %}

    fitted as (
        select
            fit,
            {% for name in names %}
            round(b{{ loop.index0 }}, 9) as coefficient_{{ name }}{{ ',' if not loop.last }}
            {% endfor %}
        from step_{{ steps }}
    )
{%- endmacro %}

{#- What one feature adds to the log-odds: its coefficient times its distance from the mean, in deviations. -#}
{% macro logit_term(feature) -%}
    fits.coefficient_{{ feature }} * (history.{{ feature }} - fits.mean_{{ feature }}) / fits.deviation_{{ feature }}
{%- endmacro %}

{#-
    CTEs that fit the log-odds of `positives` among `people` as newton_steps does, for one fit, in few enough operations
    for a question. The step keeps its direction where it is shortened, so that it also converges on data that a feature
    separates perfectly. The ridge penalty draws each coefficient to 0, or to the column of `relation` that `priors` names
    for it. The last CTE is `fitted`, one row with b0 and b1, b2, ... in the order of the features, or none without a cell.
    The query begins with `with_recursion`.
-#}
{% macro converging_newton_steps(relation, features, priors, steps=8) -%}
    {{ adapter.dispatch('converging_newton_steps')(relation, features, priors, steps) }}
{%- endmacro %}

{#- The start of a query whose steps repeat themselves, where the engine can sum in such a step. -#}
{% macro with_recursion() -%}
    {{ adapter.dispatch('with_recursion')() }}
{%- endmacro %}

{% macro default__with_recursion() -%}
    with
{%- endmacro %}

{% macro duckdb__with_recursion() -%}
    with recursive
{%- endmacro %}

{% macro default__converging_newton_steps(relation, features, priors, steps) -%}
    {{ written_out_newton_steps(relation, features, priors, steps) }}
{%- endmacro %}

{#- One CTE a step. -#}
{% macro written_out_newton_steps(relation, features, priors, steps=8) -%}
    {{ adapter.dispatch('written_out_newton_steps')(relation, features, priors, steps) }}
{%- endmacro %}

{% macro default__written_out_newton_steps(relation, features, priors, steps) -%}
    {%- set names = ['base'] + features -%}
    newton_0 as (
        {{ newton_start(relation, names) }}
    ),
    {% for step in range(1, steps + 1) %}

    newton_{{ step }} as (
        {{ newton_move(relation, names, priors, 'newton_' ~ (step - 1)) }}
    ),
    {% endfor %}

    fitted as (
        {{ newton_result(names, 'newton_' ~ steps) }}
    )
{%- endmacro %}

{#- One step is written once and repeated on its own last row, until it hardly moves: half the time to plan. -#}
{% macro duckdb__converging_newton_steps(relation, features, priors, steps) -%}
    {%- set names = ['base'] + features -%}
    newton as (
        {{ newton_start(relation, names) }}
        union all
        {{ newton_move(
            relation, names, priors, 'newton', 'last_row.step < ' ~ steps ~ ' and last_row.moved > 1e-7'
        ) }}
    ),

    fitted as (
        {{ newton_result(names, 'newton') }}
        order by step desc
        limit 1
    )
{%- endmacro %}

{% macro newton_start(relation, names) -%}
    select
        0 as step,
        1e0 as moved,
        {% for name in names %}
        0e0 as b{{ loop.index0 }}{{ ',' if not loop.last }}
        {% endfor %}
    from (select 1) as one_row
    where exists (select 1 from {{ relation }})
{%- endmacro %}

{#-
    One Newton step from the row of `previous`. The equations have a symmetric matrix h and slopes g; their unknowns d come
    from Gaussian elimination, one unknown a CTE.
-#}
{% macro newton_move(relation, names, priors, previous, condition='true', longest_step=1.5) -%}
    {%- set last = names | length - 1 -%}
    select
        step + 1 as step,
        shrinkage * longest as moved,
        {% for i in range(last + 1) %}
        b{{ i }} + shrinkage * d{{ i }} as b{{ i }}{{ ',' if not loop.last }}
        {% endfor %}
    from (
        with predicted as (
            select
                cells.*,
                last_row.*,
                last_row.b0
                {%- for i in range(1, last + 1) %} + last_row.b{{ i }} * cells.{{ names[i] }}{% endfor %} as logit
            from {{ relation }} as cells
            cross join {{ previous }} as last_row
            where {{ condition }}
        ),

        rated as (
            select
                *,
                {{ logistic('logit') }} as probability
            from predicted
        ),

        weighted as (
            select
                *,
                people * probability * (1 - probability) as weight,
                positives - people * probability as residual
            from rated
        ),

        equations as (
            select
                step,
                {% for i in range(last + 1) %}
                min(b{{ i }}) as b{{ i }},
                {% for j in range(i, last + 1) %}
                {{ exact_sum('weight' ~ (' * ' ~ names[i] if i) ~ (' * ' ~ names[j] if j), 9) }}
                {{- ' + ' ~ ('1' if i else '1e-9') if i == j }} as h{{ i }}_{{ j }},
                {% endfor %}
                {{ exact_sum('residual' ~ (' * ' ~ names[i] if i), 9) }}
                {%- if i %} - (min(b{{ i }}) - {{ 'min(' ~ priors[names[i]] ~ ')' if names[i] in priors else '0' }}){% endif %} as g{{ i }}{{ ',' if not loop.last }}
                {% endfor %}
            from weighted
            group by step
        ),

        {% for pivot in range(last) %}
        eliminated_{{ pivot }} as (
            select
                step,
                {% for i in range(last + 1) %}
                b{{ i }},
                {% for j in range(i, last + 1) %}
                h{{ i }}_{{ j }}{% if i > pivot %} - h{{ pivot }}_{{ i }} * h{{ pivot }}_{{ j }} / h{{ pivot }}_{{ pivot }} as h{{ i }}_{{ j }}{% endif %},
                {% endfor %}
                g{{ i }}{% if i > pivot %} - h{{ pivot }}_{{ i }} * g{{ pivot }} / h{{ pivot }}_{{ pivot }} as g{{ i }}{% endif %}{{ ',' if not loop.last }}
                {% endfor %}
            from {{ 'eliminated_' ~ (pivot - 1) if pivot else 'equations' }}
        ),

        {% endfor %}
        {% for unknown in range(last, -1, -1) %}
        solved_{{ unknown }} as (
            select
                *,
                (
                    g{{ unknown }}
                    {%- for j in range(unknown + 1, last + 1) %} - h{{ unknown }}_{{ j }} * d{{ j }}{% endfor %}
                ) / h{{ unknown }}_{{ unknown }} as d{{ unknown }}
            from {{ 'solved_' ~ (unknown + 1) if unknown < last else 'eliminated_' ~ (last - 1) }}
        ),

        {% endfor %}
        measured as (
            select
                *,
                greatest({% for i in range(last + 1) %}abs(d{{ i }}){{ ', ' if not loop.last }}{% endfor %}) as longest
            from solved_0
        )

        select
            *,
            coalesce(least(1, {{ longest_step }} / nullif(longest, 0)), 1) as shrinkage
        from measured
    ) as shortened
{%- endmacro %}

{% macro newton_result(names, newton) -%}
    select
        {% for name in names %}
        round(b{{ loop.index0 }}, 9) as b{{ loop.index0 }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ newton }}
{%- endmacro %}
