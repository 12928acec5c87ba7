with voter_lifecycle as (
    select * from {{ ref('voter_lifecycle') }}
),

engagement_scores as (
    select * from {{ ref('engagement_scores') }}
),

birthdays as (
    select * from {{ ref('birthdays') }}
),

-- In a wide window, around the new year, a person may have two birthdays: the nearer one counts.
ranked_birthdays as (
    select
        *,
        row_number() over (
            partition by state, svid
            order by abs(days_until), birthday_year
        ) as place
    from birthdays
    where birthday_window <> 'none'
),

overlaid as (
    select
        voter_lifecycle.*,
        engagement_scores.engagement_tier,
        coalesce(ranked_birthdays.birthday_window, 'none') as birthday_proximity,
        case
            when voter_lifecycle.churn_state <> 'active' then voter_lifecycle.churn_state
            when voter_lifecycle.churn_risk_flag then 'at_risk'
            when voter_lifecycle.churn_risk_flag is null then 'not_known'
            else 'not_at_risk'
        end as churn_overlay
    from voter_lifecycle
    left join engagement_scores
        on voter_lifecycle.voter_number = engagement_scores.voter_number
    left join ranked_birthdays
        on
            voter_lifecycle.state = ranked_birthdays.state
            and voter_lifecycle.svid = ranked_birthdays.svid
            and ranked_birthdays.place = 1
),

named as (
    select
        state,
        svid,
        voter_number,
        churn_overlay || '.' || birthday_proximity || '.' || coalesce(engagement_tier, 'not_scored') || '.'
        || lifecycle_stage as predictive_segment,
        churn_overlay,
        birthday_proximity,
        engagement_tier,
        lifecycle_stage,
        '{{ invocation_id }}' as build_id
    from overlaid
)

select * from named
