with profiles as (
    select * from {{ ref('enriched_profiles') }}
),

usable_gifts as (
    select * from {{ ref('agg_usable_gifts_by_voter') }}
),

-- A gift that may not serve to solicit does not decide whom to ask.
featured as (
    select
        profiles.*,
        profiles.campaigns_engaged as campaigns_count,
        profiles.clients_engaged as clients_count,
        {{ days_between('profiles.last_click_date', as_of_date()) }} as days_since_last_click,
        coalesce(usable_gifts.usable_gifts, 0) as past_donations,
        {{ days_between('usable_gifts.last_usable_gift_date', as_of_date()) }} as days_since_last_donation,
        coalesce(usable_gifts.gifts_not_used, 0) as gifts_not_used
    from profiles
    -- Few voters have given.
    left join usable_gifts
        on
            profiles.state = usable_gifts.state
            and profiles.svid = usable_gifts.svid
),

-- The brief's rule (000-25), a column for each component.
weighted as (
    select
        *,
        {{ propensity_base('past_donations') }} as score_base,
        {{ capped_component('clicks', 'total_clicks') }} as score_clicks,
        {{ capped_component('campaigns', 'campaigns_count') }} as score_campaigns,
        {{ capped_component('recency', 'days_since_last_click') }} as score_recency
    from featured
),

scored as (
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
        {{ propensity_score('score_base', 'score_clicks', 'score_campaigns', 'score_recency') }}
            as donor_propensity_score,
        score_base,
        score_clicks,
        score_campaigns,
        score_recency,
        link_status = 'with_behavior' as is_scored,
        gifts_not_used,
        voter_number,
        '{{ invocation_id }}' as build_id
    from weighted
)

select * from scored
