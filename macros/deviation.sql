{#- One row per voter and attribute of `profiles` (000-39); a missing value becomes `unknown`. -#}
{% macro voter_attributes(profiles) -%}
    select
        attributes.attribute,
        case attributes.attribute
            when 'state' then profiles.state
            when 'county' then coalesce(profiles.county, 'unknown')
            when 'party' then coalesce(profiles.party, 'unknown')
            when 'gender' then coalesce(profiles.gender, 'unknown')
            when 'age_band' then coalesce(profiles.age_band, 'unknown')
            when 'donor' then case when profiles.is_donor then 'true' else 'false' end
            when 'clicker' then case when profiles.is_clicker then 'true' else 'false' end
        end as value
    from {{ profiles }} as profiles
    cross join (
        values ('state'), ('county'), ('party'), ('gender'), ('age_band'), ('donor'), ('clicker')
    ) as attributes (attribute)
{%- endmacro %}
