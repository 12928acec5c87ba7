{#-
    When to send (001-17; F63). The answer to mail is compared with what was to be expected of it: clicks over
    expected clicks is an index, 1 for an hour at which mail does as well as the same mail at any hour. Whose mail it
    is is in what is expected, and so is how readily somebody clicks at all: a popular client, or an eager person,
    mailed at nine does not make nine a good hour.
-#}

{#- The seed timing_rules as one row: one join serves every number of a query. -#}
{% macro timing_rules() -%}
    (
        select
            max(case when rule = 'open_weight' then number end) as open_weight,
            max(case when rule = 'client_strength' then number end) as client_strength,
            max(case when rule = 'everybody_strength' then number end) as everybody_strength,
            max(case when rule = 'segment_strength' then number end) as segment_strength,
            max(case when rule = 'person_strength' then number end) as person_strength,
            max(case when rule = 'level_strength' then number end) as level_strength,
            max(case when rule = 'min_person_sends' then number end) as min_person_sends,
            max(case when rule = 'min_person_clicks' then number end) as min_person_clicks,
            max(case when rule = 'min_group_sends' then number end) as min_group_sends,
            max(case when rule = 'min_group_clicks' then number end) as min_group_clicks,
            max(case when rule = 'min_value_sends' then number end) as min_value_sends,
            max(case when rule = 'min_values_tried' then number end) as min_values_tried,
            max(case when rule = 'held_out_share' then number end) as held_out_share,
            max(case when rule = 'general_window_days' then number end) as general_window_days,
            max(case when rule = 'primary_window_days' then number end) as primary_window_days
        from {{ ref('timing_rules') }}
    )
{%- endmacro %}

{#-
    An index shrunk towards that of a larger group (gamma-Poisson): the mean of Gamma(strength * prior, strength) after
    so many responses where so many were expected.
-#}
{% macro shrunk_index(responses, expected, prior_index, strength) -%}
    (cast({{ responses }} as double) + {{ strength }} * {{ prior_index }})
    / nullif(cast({{ expected }} as double) + {{ strength }}, 0)
{%- endmacro %}

{#-
    Responses per send of each client's mail, 0-1, a client with few sends taken to be like all others; so set that over
    all mail as many responses are expected as there were. `relation` has rows of agg_sends_by_voter_hour in which each
    event is once. What has no client is a client, too.
-#}
{% macro client_response_rates(relation) -%}
    select
        client_key,
        mixed_rate * responses_of_all / nullif(
            cast(sum(cast(sends * mixed_rate as decimal(18, 9))) over () as double), 0
        ) as response_rate
    from (
        select
            client_key,
            sends,
            responses_of_all,
            (responses + client_strength * responses_of_all / sends_of_all) / (sends + client_strength) as mixed_rate
        from (
            select
                counted.client_key,
                cast(counted.sends as double) as sends,
                cast(counted.responses as double) as responses,
                cast(sum(counted.responses) over () as double) as responses_of_all,
                nullif(cast(sum(counted.sends) over () as double), 0) as sends_of_all,
                rules.client_strength
            from (
                select
                    coalesce(sent.client_shortname, '') as client_key,
                    sum(sent.sends) as sends,
                    sum({{ responses_of('sent', 'rules') }}) as responses
                from {{ relation }} as sent
                cross join {{ timing_rules() }} as rules
                group by coalesce(sent.client_shortname, '')
            ) as counted
            cross join {{ timing_rules() }} as rules
            where counted.sends > 0
        ) as pooled
    ) as mixed
{%- endmacro %}

{#- What a row of agg_sends_by_voter_hour weighs; exact, so that sums do not depend on their order. -#}
{% macro responses_of(sent, rules) -%}
    cast({{ sent }}.clicked_sends + {{ rules }}.open_weight * {{ sent }}.only_opened_sends as decimal(18, 9))
{%- endmacro %}

{#- What was to be expected of a row, whatever the hour. NULL where nothing was sent at all. -#}
{% macro expected_of(sent, clients) -%}
    cast({{ sent }}.sends * {{ clients }}.response_rate as decimal(18, 9))
{%- endmacro %}

{#-
    Hours and weekdays that may be offered: those that everybody together tried often enough, where there are at least
    two and everybody did enough to tell them apart; the best is 1 in `place`. `relation` is that of the mart
    responsiveness.
-#}
{% macro everybody_values(relation) -%}
    select
        dimension,
        value,
        sends,
        clicked_sends,
        value_index,
        row_number() over (partition by dimension order by value_index desc nulls last, sends desc, value) as place
    from (
        select
            tried.dimension,
            tried.sort_order as value,
            tried.sends,
            tried.clicked_sends,
            tried.response_index as value_index,
            sum(tried.sends) over (partition by tried.dimension) as all_sends,
            sum(tried.clicked_sends) over (partition by tried.dimension) as all_clicks,
            count(*) over (partition by tried.dimension) as values_tried,
            rules.min_group_sends,
            rules.min_group_clicks,
            rules.min_values_tried
        from {{ relation }} as tried
        cross join {{ timing_rules() }} as rules
        where
            tried.dimension in ('hour', 'weekday')
            and tried.sends >= rules.min_value_sends
    ) as judged
    where
        all_sends >= min_group_sends
        and all_clicks >= min_group_clicks
        and values_tried >= min_values_tried
{%- endmacro %}

{#-
    How readily each unit (a segment, a client, a voter) responds at all, beside the larger group: what was observed
    over what the group's indexes let expect of just its mail. `cells` has a row per unit, dimension and value.
-#}
{% macro leveled_units(cells, unit) -%}
    select
        cells.{{ unit }},
        cells.dimension,
        cast(sum(cells.sends) as bigint) as sends,
        cast(sum(cells.clicked_sends) as bigint) as clicked_sends,
        count(*) as values_tried,
        {{ shrunk_index(
            'sum(cells.responses)',
            'sum(cast(cast(cells.expected as double) * cells.prior_index as decimal(18, 9)))',
            '1',
            'max(rules.level_strength)'
        ) }} as level
    from {{ cells }} as cells
    cross join {{ timing_rules() }} as rules
    group by cells.{{ unit }}, cells.dimension
{%- endmacro %}

{#-
    Every value that may be offered to a unit, with the unit's shrunk index at it; the best is 1 in `place`: by index,
    then by sends, then the smaller. `candidates` has a row per unit, dimension and value, with the level of the unit
    and what happened at the value (zeros where nothing).
-#}
{% macro placed_values(candidates, unit, strength) -%}
    select
        {{ unit }},
        dimension,
        value,
        sends,
        clicked_sends,
        value_index,
        row_number() over (
            partition by {{ unit }}, dimension
            order by value_index desc nulls last, sends desc, value
        ) as place
    from (
        select
            candidates.{{ unit }},
            candidates.dimension,
            candidates.value,
            candidates.sends,
            candidates.clicked_sends,
            round({{ shrunk_index(
                'candidates.responses',
                'candidates.level * cast(candidates.expected as double)',
                'candidates.prior_index',
                'rules.' ~ strength
            ) }}, 4) as value_index
        from {{ candidates }} as candidates
        cross join {{ timing_rules() }} as rules
    ) as indexed
{%- endmacro %}

{#- The numbers about birthdays of the seed timing_rules, as one row. -#}
{% macro birthday_rules() -%}
    (
        select
            max(case when rule = 'leap_day_shift' then number end) as leap_day_shift,
            max(case when rule = 'unknown_year_until' then number end) as unknown_year_until,
            max(case when rule = 'max_age' then number end) as max_age,
            max(case when rule = 'min_age' then number end) as min_age,
            max(case when rule = 'placeholder_factor' then number end) as placeholder_factor,
            max(case when rule = 'placeholder_least_voters' then number end) as placeholder_least_voters,
            max(case when rule = 'horizon_days' then number end) as horizon_days
        from {{ ref('timing_rules') }}
    )
{%- endmacro %}
