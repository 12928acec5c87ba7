{#- One row per voter and attribute of `profiles` (000-39); a missing value is the value `unknown`. -#}
{% macro voter_attributes(profiles) -%}
    select
        state,
        svid,
        'state' as attribute,
        state as value
    from {{ profiles }}
    union all
    select
        state,
        svid,
        'county' as attribute,
        coalesce(county, 'unknown') as value
    from {{ profiles }}
    union all
    select
        state,
        svid,
        'party' as attribute,
        coalesce(party, 'unknown') as value
    from {{ profiles }}
    union all
    select
        state,
        svid,
        'gender' as attribute,
        coalesce(gender, 'unknown') as value
    from {{ profiles }}
    union all
    select
        state,
        svid,
        'age_band' as attribute,
        coalesce(age_band, 'unknown') as value
    from {{ profiles }}
    union all
    select
        state,
        svid,
        'donor' as attribute,
        case when is_donor then 'true' else 'false' end as value
    from {{ profiles }}
    union all
    select
        state,
        svid,
        'clicker' as attribute,
        case when is_clicker then 'true' else 'false' end as value
    from {{ profiles }}
{%- endmacro %}
