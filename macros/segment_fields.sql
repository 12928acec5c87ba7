{#- The fields of voters that definitions may compare: the seed segment_fields in SQL. -#}

{#-
    A row per voter and field of `used_fields`, a relation with the column `field`: value_number, value_date, and value_text,
    which is NULL where the value is unknown.
-#}
{% macro segment_field_values(used_fields) -%}
    select
        voter_number,
        field,
        value_number,
        value_date,
        coalesce(
            given_text,
            cast(value_date as varchar),
            case
                when value_number = floor(value_number) and abs(value_number) < 1e15
                    then cast(cast(value_number as bigint) as varchar)
                else cast(value_number as varchar)
            end
        ) as value_text
    from (
        select
            enriched_profiles.voter_number,
            used_fields.field,
            case used_fields.field
                when 'donation_count' then cast(enriched_profiles.donation_count as double)
                when 'donation_amount' then cast(enriched_profiles.donation_amount as double)
                when 'campaigns_engaged' then cast(enriched_profiles.campaigns_engaged as double)
                when 'clients_engaged' then cast(enriched_profiles.clients_engaged as double)
                when 'donor_propensity_score' then cast(donor_propensity.donor_propensity_score as double)
                when 'gift_probability' then cast(gift_probability.gift_probability as double)
                when 'expected_value' then cast(gift_probability.expected_value as double)
                when 'engagement_score' then cast(engagement_scores.engagement_score as double)
                when 'recent_score' then cast(engagement_scores.recent_score as double)
                when 'activity_score' then cast(engagement_scores.activity_score as double)
                when 'interest_score' then cast(engagement_scores.interest_score as double)
                when 'intent_score' then cast(engagement_scores.intent_score as double)
                when 'active_channels' then cast(engagement_scores.active_channels as double)
                when 'days_since_first_event' then cast(voter_lifecycle.days_since_first_event as double)
                when 'days_since_last_event' then cast(voter_lifecycle.days_since_last_event as double)
                when 'days_since_last_gift' then cast(voter_lifecycle.days_since_last_gift as double)
                when 'active_days' then cast(voter_lifecycle.active_days as double)
                when 'churn_probability_score' then cast(voter_lifecycle.churn_probability_score as double)
                when 'optimal_send_hour' then cast(send_times.optimal_send_hour as double)
            end as value_number,
            case used_fields.field
                when 'last_engagement_date' then enriched_profiles.last_engagement_date
                when 'last_donation_date' then enriched_profiles.last_donation_date
            end as value_date,
            case used_fields.field
                when 'state' then enriched_profiles.state
                when 'county' then enriched_profiles.county
                when 'party' then enriched_profiles.party
                when 'gender' then enriched_profiles.gender
                when 'age_band' then enriched_profiles.age_band
                when 'link_status' then enriched_profiles.link_status
                when 'is_donor' then cast(enriched_profiles.is_donor as varchar)
                when 'is_clicker' then cast(enriched_profiles.is_clicker as varchar)
                when 'has_opted_out' then cast(enriched_profiles.has_opted_out as varchar)
                when 'engagement_tier' then engagement_scores.engagement_tier
                when 'recent_level' then engagement_scores.recent_level
                when 'lifecycle_stage' then voter_lifecycle.lifecycle_stage
                when 'activity_pattern' then voter_lifecycle.activity_pattern
                when 'giving_behavior' then voter_lifecycle.giving_behavior
                when 'donor_stage' then voter_lifecycle.donor_stage
                when 'is_high_value' then cast(voter_lifecycle.is_high_value as varchar)
                when 'risk_class' then voter_lifecycle.risk_class
                when 'churn_risk_flag' then cast(voter_lifecycle.churn_risk_flag as varchar)
                when 'churn_state' then voter_lifecycle.churn_state
                when 'behavior_pattern' then voter_lifecycle.behavior_pattern
                when 'birthday_proximity' then predictive_segment_members.birthday_proximity
                when 'optimal_send_day' then send_times.optimal_send_day
                when 'time_zone' then send_times.time_zone
                when 'may_email' then cast(contact_permissions.may_email as varchar)
                when 'may_phone' then cast(contact_permissions.may_phone as varchar)
                when 'may_solicit' then cast(contact_permissions.may_solicit as varchar)
            end as given_text
        from {{ ref('enriched_profiles') }} as enriched_profiles
        inner join {{ ref('donor_propensity') }} as donor_propensity
            on enriched_profiles.voter_number = donor_propensity.voter_number
        inner join {{ ref('gift_probability') }} as gift_probability
            on enriched_profiles.voter_number = gift_probability.voter_number
        inner join {{ ref('engagement_scores') }} as engagement_scores
            on enriched_profiles.voter_number = engagement_scores.voter_number
        inner join {{ ref('voter_lifecycle') }} as voter_lifecycle
            on enriched_profiles.voter_number = voter_lifecycle.voter_number
        inner join {{ ref('predictive_segment_members') }} as predictive_segment_members
            on enriched_profiles.voter_number = predictive_segment_members.voter_number
        inner join {{ ref('send_times') }} as send_times
            on enriched_profiles.voter_number = send_times.voter_number
        inner join {{ ref('contact_permissions') }} as contact_permissions
            on enriched_profiles.voter_number = contact_permissions.voter_number
        cross join {{ used_fields }} as used_fields
    ) as listed_fields
{%- endmacro %}
