{#-
    When to send (001-17; F63). Responses to mail are compared with what was expected of this mail: responses over
    expected responses is an index, 1 for an hour at which mail does as well as the same mail at any hour. The
    expectation accounts for the client and for how readily the person clicks at all. So nine o'clock is not a good hour
    only because a popular client, or an eager person, gets mail at nine.
-#}

{#- The seed timing_rules as one row: one join serves every number of a query. -#}
{% macro timing_rules() -%}
    (
        select
            max(case when rule = 'open_weight' then value end) as open_weight,
            max(case when rule = 'client_strength' then value end) as client_strength,
            max(case when rule = 'everybody_strength' then value end) as everybody_strength,
            max(case when rule = 'segment_strength' then value end) as segment_strength,
            max(case when rule = 'person_strength' then value end) as person_strength,
            max(case when rule = 'level_strength' then value end) as level_strength,
            max(case when rule = 'min_person_sends' then value end) as min_person_sends,
            max(case when rule = 'min_person_clicks' then value end) as min_person_clicks,
            max(case when rule = 'min_group_sends' then value end) as min_group_sends,
            max(case when rule = 'min_group_clicks' then value end) as min_group_clicks,
            max(case when rule = 'min_value_sends' then value end) as min_value_sends,
            max(case when rule = 'min_values_tried' then value end) as min_values_tried,
            max(case when rule = 'held_out_share' then value end) as held_out_share,
            max(case when rule = 'general_window_days' then value end) as general_window_days,
            max(case when rule = 'primary_window_days' then value end) as primary_window_days
        from {{ ref('timing_rules') }}
    )
{%- endmacro %}

{#- The rules about birthdays of the seed timing_rules, as one row. -#}
{% macro birthday_rules() -%}
    (
        select
            max(case when rule = 'leap_day_shift' then value end) as leap_day_shift,
            max(case when rule = 'unknown_year_until' then value end) as unknown_year_until,
            max(case when rule = 'max_age' then value end) as max_age,
            max(case when rule = 'min_age' then value end) as min_age,
            max(case when rule = 'placeholder_factor' then value end) as placeholder_factor,
            max(case when rule = 'placeholder_least_voters' then value end) as placeholder_least_voters,
            max(case when rule = 'horizon_days' then value end) as horizon_days
        from {{ ref('timing_rules') }}
    )
{%- endmacro %}

{#- The group of people whose send times stand in for a voter's own: the same state and age band. -#}
{% macro timing_segment(profiles) -%}
    {{ profiles }}.state || ' ' || coalesce({{ profiles }}.age_band, 'unknown')
{%- endmacro %}

{#-
    An index shrunk towards that of a larger group (gamma-Poisson): the mean of Gamma(strength * prior, strength) after
    the observed responses, given the expected ones.
-#}
{% macro shrunk_index(responses, expected, prior_index, strength) -%}
    (cast({{ responses }} as double) + {{ strength }} * {{ prior_index }})
    / nullif(cast({{ expected }} as double) + {{ strength }}, 0)
{%- endmacro %}

{#-
    How readily somebody responds at any hour, over rows of `observed`: the responses over what the indexes of the larger
    group let expect of this mail. 1 is as readily as the group. An aggregate.
-#}
{% macro response_level(observed, rules) -%}
    {{ shrunk_index(
        'sum(' ~ observed ~ '.responses)',
        'sum(cast(cast(' ~ observed ~ '.expected as double) * ' ~ observed ~ '.prior_index as decimal(18, 9)))',
        '1',
        'max(' ~ rules ~ '.level_strength)'
    ) }}
{%- endmacro %}

{#- Is there enough mail to tell hours apart? `size` is person or group, as in the seed timing_rules. An aggregate. -#}
{% macro has_enough_mail(observed, rules, size) -%}
    sum({{ observed }}.sends) >= max({{ rules }}.min_{{ size }}_sends)
    and sum({{ observed }}.clicked_sends) >= max({{ rules }}.min_{{ size }}_clicks)
    and count(*) >= max({{ rules }}.min_values_tried)
{%- endmacro %}

{#- The index of one hour or weekday, 4 places: that of the larger group where `observed` has no row of it. -#}
{% macro index_of_value(observed, level, prior_index, strength) -%}
    round({{ shrunk_index(
        'coalesce(' ~ observed ~ '.responses, 0)',
        level ~ ' * coalesce(cast(' ~ observed ~ '.expected as double), 0)',
        prior_index,
        strength
    ) }}, 4)
{%- endmacro %}

{#- The responses in a row of agg_sends_by_voter_hour, weighted. Exact, so that sums do not depend on their order. -#}
{% macro responses_of(sent, rules) -%}
    cast({{ sent }}.clicked_sends + {{ rules }}.open_weight * {{ sent }}.only_opened_sends as decimal(18, 9))
{%- endmacro %}

{#- The responses expected of a row, at any hour, by its client's rate. -#}
{% macro expected_of(sent, client_rates) -%}
    cast({{ sent }}.sends * {{ client_rates }}.response_rate as decimal(18, 9))
{%- endmacro %}
