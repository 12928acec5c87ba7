with profiles as (
    select * from {{ ref('enriched_profiles') }}
),

donor_propensity as (
    select * from {{ ref('donor_propensity') }}
),

contact_permissions as (
    select * from {{ ref('contact_permissions') }}
),

address_hygiene as (
    select * from {{ ref('address_hygiene') }}
),

engagement_scores as (
    select * from {{ ref('engagement_scores') }}
),

voter_lifecycle as (
    select * from {{ ref('voter_lifecycle') }}
),

forecasts as (
    select * from {{ ref('agg_forecasts_by_voter_moment') }}
    where horizons_back = 1
),

gift_probability as (
    select * from {{ ref('gift_probability') }}
),

back_tests as (
    select * from {{ ref('agg_back_tests_by_voter') }}
),

audited_scores as (
    select * from {{ ref('audited_scores') }}
),

-- One address that may be mailed is enough to reach a voter; one that is suppressed is enough to count here.
addressed_voters as (
    select
        voter_number,
        max(case when should_mail then 1 else 0 end) = 1 as should_mail,
        max(case when is_inactive_suppressed then 1 else 0 end) = 1 as is_inactive_suppressed
    from address_hygiene
    group by voter_number
),

-- A person who never did anything cannot go quiet. Dormant people are in: they went quiet and are flagged no more.
active_voters as (
    select * from voter_lifecycle
    where churn_state <> 'no_activity'
),

-- Decimals: their sums do not depend on the order of adding.
valued as (
    {% for relation, score in [
        ('donor_propensity', 'donor_propensity_score'),
        ('engagement_scores', 'engagement_score'),
        ('engagement_scores', 'intent_score'),
        ('gift_probability', 'gift_probability'),
        ('voter_lifecycle', 'churn_probability_score'),
        ('voter_lifecycle', 'return_probability'),
    ] %}
    select
        voter_number,
        '{{ score }}' as score,
        cast({{ score }} as decimal(18, 6)) as score_value
    from {{ relation }}
    union all
    {% endfor %}
    {% for relation, flag in [
        ('contact_permissions', 'may_email'),
        ('addressed_voters', 'should_mail'),
        ('addressed_voters', 'is_inactive_suppressed'),
        ('active_voters', 'churn_risk_flag'),
        ('active_voters', 'rule_churn_flag'),
        ('voter_lifecycle', 'is_high_value'),
    ] %}
    select
        voter_number,
        '{{ flag }}' as score,
        cast(case when {{ flag }} then 1 when not {{ flag }} then 0 end as decimal(18, 6)) as score_value
    from {{ relation }}
    {% if not loop.last %}
    union all
    {% endif %}
    {% endfor %}
),

-- Donor propensity as of the earlier day, from what was known then.
weighed as (
    select
        donor_propensity.voter_number,
        coalesce(back_tests.has_given_since, false) as has_outcome,
        {{ propensity_base('coalesce(back_tests.past_gifts, 0)') }} as score_base,
        {{ capped_component('clicks', 'coalesce(back_tests.past_clicks, 0)') }} as score_clicks,
        {{ capped_component('campaigns', 'coalesce(back_tests.past_campaigns, 0)') }} as score_campaigns,
        {{ capped_component('recency', 'back_tests.past_days_since_last_click') }} as score_recency
    from donor_propensity
    -- Most voters have no event.
    left join back_tests
        on donor_propensity.voter_number = back_tests.voter_number
    where donor_propensity.donor_propensity_score is not null
),

-- The flag of one horizon ago, for people who were active then.
flagged as (
    select
        forecasts.voter_number,
        case
            when row_number() over (
                order by forecasts.probability desc, forecasts.days_since_last_act desc, forecasts.voter_number asc
            ) <= greatest(1, floor(count(*) over () * rules.churn_flag_share)) then 1
            else 0
        end as earlier_value,
        forecasts.is_positive = 1 as has_outcome
    from forecasts
    cross join {{ lifecycle_rules() }} as rules
    where
        forecasts.population = 'active'
        and forecasts.probability is not null
),

back_tested as (
    select
        voter_number,
        'donor_propensity_score' as score,
        {{ propensity_score('score_base', 'score_clicks', 'score_campaigns', 'score_recency') }} as earlier_value,
        has_outcome
    from weighed
    union all
    select
        voter_number,
        case family
            when 'giving' then 'gift_probability'
            else case population when 'active' then 'churn_probability_score' else 'return_probability' end
        end as score,
        probability as earlier_value,
        is_positive = 1 as has_outcome
    from forecasts
    where probability is not null
    union all
    select
        voter_number,
        'churn_risk_flag' as score,
        earlier_value,
        has_outcome
    from flagged
),

-- People of today and people of the earlier day: a person who has gone dormant since is only among the latter.
united as (
    select
        valued.*,
        valued.score_value >= cast(audited_scores.selects_at as decimal(18, 6)) as is_selected,
        cast(null as boolean) as was_selected,
        cast(null as boolean) as has_outcome
    from valued
    inner join audited_scores
        on valued.score = audited_scores.score
    where valued.score_value is not null
    union all
    select
        back_tested.voter_number,
        back_tested.score,
        cast(null as decimal(18, 6)) as score_value,
        false as is_selected,
        back_tested.earlier_value >= audited_scores.selects_at as was_selected,
        back_tested.has_outcome
    from back_tested
    inner join audited_scores
        on back_tested.score = audited_scores.score
),

-- Count people of one county, age, gender and party first: the next step reads thousands of rows, not millions.
counted as (
    select
        united.score,
        coalesce(profiles.county, 'unknown') as county,
        coalesce(profiles.age_band, 'unknown') as age_band,
        coalesce(profiles.gender, 'unknown') as gender,
        coalesce(profiles.party, 'unknown') as party,
        count(united.score_value) as voters,
        sum(united.score_value) as score_sum,
        count(case when united.is_selected then 1 end) as selected,
        count(united.has_outcome) as tried_voters,
        count(case when united.has_outcome then 1 end) as outcome_voters,
        count(case when united.was_selected and not united.has_outcome then 1 end) as false_positives,
        count(case when united.has_outcome and not united.was_selected then 1 end) as false_negatives
    from united
    inner join profiles
        on united.voter_number = profiles.voter_number
    group by united.score, profiles.county, profiles.age_band, profiles.gender, profiles.party
),

grouped as (
    {% for group_kind in ['county', 'age_band', 'gender', 'party'] %}
    select
        counted.*,
        '{{ group_kind }}' as group_kind,
        counted.{{ group_kind }} as group_value
    from counted
    {% if not loop.last %}
    union all
    {% endif %}
    {% endfor %}
),

summed_by_group as (
    select
        score,
        group_kind,
        group_value,
        cast(sum(voters) as bigint) as group_voters,
        cast(sum(score_sum) as decimal(28, 6)) as score_sum,
        cast(sum(selected) as bigint) as selected,
        cast(sum(tried_voters) as bigint) as tried_voters,
        cast(sum(outcome_voters) as bigint) as outcome_voters,
        cast(sum(false_positives) as bigint) as false_positives,
        cast(sum(false_negatives) as bigint) as false_negatives,
        '{{ invocation_id }}' as build_id
    from grouped
    group by score, group_kind, group_value
    -- A group without a score today has no row.
    having sum(voters) > 0
)

select * from summed_by_group
