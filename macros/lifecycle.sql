{#- The rules of lifecycle_rules, in the seed rules, as one row: one join serves every bound of a query. -#}
{% macro lifecycle_rules() -%}
    (
        select
            max(case when rule = 'stage_new' then value end) as stage_new,
            max(case when rule = 'stage_established' then value end) as stage_established,
            max(case when rule = 'activity_recent' then value end) as activity_recent,
            max(case when rule = 'activity_moderate' then value end) as activity_moderate,
            max(case when rule = 'activity_at_risk' then value end) as activity_at_risk,
            max(case when rule = 'high_value_total' then value end) as high_value_total,
            max(case when rule = 'high_value_year' then value end) as high_value_year,
            max(case when rule = 'donor_new' then value end) as donor_new,
            max(case when rule = 'donor_active' then value end) as donor_active,
            max(case when rule = 'donor_lapsing' then value end) as donor_lapsing,
            max(case when rule = 'churn_horizon' then value end) as churn_horizon,
            max(case when rule = 'churn_earlier' then value end) as churn_earlier,
            max(case when rule = 'churn_dormant' then value end) as churn_dormant,
            max(case when rule = 'churn_frequency_window' then value end) as churn_frequency_window,
            max(case when rule = 'churn_prior_people' then value end) as churn_prior_people,
            max(case when rule = 'churn_min_people' then value end) as churn_min_people,
            max(case when rule = 'churn_min_cell' then value end) as churn_min_cell,
            max(case when rule = 'risk_medium' then value end) as risk_medium,
            max(case when rule = 'risk_high' then value end) as risk_high,
            max(case when rule = 'rule_quiet' then value end) as rule_quiet,
            max(case when rule = 'rule_window' then value end) as rule_window,
            max(case when rule = 'rule_drop' then value end) as rule_drop,
            max(case when rule = 'segment_narrow' then value end) as segment_narrow,
            max(case when rule = 'segment_broad' then value end) as segment_broad
        from {{ ref('rules') }}
        where subject = 'lifecycle_rules'
    )
{%- endmacro %}

{#-
    The cell of the churn hazard that each person was in at a moment (F62): one row per person who was active by then
    and not dormant. `relation` has one row per voter. The other arguments are its columns, or expressions of them, at
    that moment: days since the first and the last active day, active days in all, and active days within the frequency
    window. A person's rhythm is their current pause over their mean gap.
-#}
{% macro churn_cells(relation, days_since_first, days_since_last, active_days, recent_active_days) -%}
    select
        people.voter_number,
        recency.band as pause_band,
        frequency.band as frequency_band,
        rhythm.band as rhythm_band
    from (
        select
            known.voter_number,
            {{ days_since_last }} as days_since_last,
            {{ recent_active_days }} as recent_active_days,
            cast({{ days_since_last }} as double) * ({{ active_days }} - 1)
            / nullif({{ days_since_first }} - {{ days_since_last }}, 0) as pause_in_gaps
        from {{ relation }} as known
        cross join {{ lifecycle_rules() }} as rules
        where {{ days_since_last }} <= rules.churn_dormant
    ) as people
    inner join {{ ref('churn_bands') }} as recency
        on
            recency.feature = 'recency'
            and people.days_since_last >= recency.min_value
            and people.days_since_last < coalesce(recency.max_value, people.days_since_last + 1)
    inner join {{ ref('churn_bands') }} as frequency
        on
            frequency.feature = 'frequency'
            and people.recent_active_days >= frequency.min_value
            and people.recent_active_days < coalesce(frequency.max_value, people.recent_active_days + 1)
    -- People with one active day have no gap: their band has no bounds.
    inner join {{ ref('churn_bands') }} as rhythm
        on
            rhythm.feature = 'rhythm'
            and coalesce(people.pause_in_gaps, -1) >= coalesce(rhythm.min_value, -1)
            and coalesce(people.pause_in_gaps, -1)
            < coalesce(rhythm.max_value, case when rhythm.min_value is null then 0 else people.pause_in_gaps + 1 end)
{%- endmacro %}

{#-
    The churn flag of a person who is not dormant: raised at the high bound and lowered at the medium one, so that it
    does not flicker (F62). NULL without a probability.
-#}
{% macro churn_flag(probability, probability_earlier, risk_medium, risk_high) -%}
    case
        when {{ probability }} >= {{ risk_high }} then true
        when {{ probability }} >= {{ risk_medium }} then coalesce({{ probability_earlier }} >= {{ risk_high }}, false)
        when {{ probability }} is not null then false
    end
{%- endmacro %}

{#- A rate shrunk towards that of a larger group: adds `prior_people` people who behave as that group does. -#}
{% macro rate_towards(events, people, prior_rate, prior_people) -%}
    ({{ events }} + {{ prior_people }} * {{ prior_rate }}) / ({{ people }} + {{ prior_people }})
{%- endmacro %}

{#- A count with its noun: 1 search, 2 searches. -#}
{% macro counted_noun(number, noun, plural) -%}
    cast({{ number }} as varchar) || ' ' || case when {{ number }} = 1 then {{ noun }} else {{ plural }} end
{%- endmacro %}

{#- A number of days ago in words. -#}
{% macro days_ago(days) -%}
    case {{ days }}
        when 0 then 'today'
        when 1 then 'yesterday'
        else cast({{ days }} as varchar) || ' days ago'
    end
{%- endmacro %}
