-- For all voters and without a threshold the function returns the mart.
with segment_rows as (
    select
        state,
        svid,
        person_id,
        county,
        total_clicks,
        total_opens,
        campaigns_count,
        clients_count,
        days_since_last_click,
        past_donations,
        days_since_last_donation,
        donor_propensity_score,
        score_base,
        score_clicks,
        score_campaigns,
        score_recency,
        is_scored,
        gifts_not_used
    from {{ ref('segment_propensity') }}((
        select list({{ voter_text('voters.state', 'voters.svid') }}) from {{ ref('lnk_voter') }} as voters
    ))
),

mart_rows as (
    select
        state,
        svid,
        person_id,
        county,
        total_clicks,
        total_opens,
        campaigns_count,
        clients_count,
        days_since_last_click,
        past_donations,
        days_since_last_donation,
        donor_propensity_score,
        score_base,
        score_clicks,
        score_campaigns,
        score_recency,
        is_scored,
        gifts_not_used
    from {{ ref('donor_propensity') }}
),

missing as (
    select * from mart_rows
    except all
    select * from segment_rows
),

unexpected as (
    select * from segment_rows
    except all
    select * from mart_rows
)

select
    'missing' as difference,
    *
from missing
union all
select
    'unexpected' as difference,
    *
from unexpected
