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
            max(case when rule = 'churn_dormant' then value end) as churn_dormant,
            max(case when rule = 'churn_frequency_window' then value end) as churn_frequency_window,
            max(case when rule = 'churn_flag_share' then value end) as churn_flag_share,
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
