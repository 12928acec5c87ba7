with profiles as (
    select * from {{ ref('enriched_profiles') }}
),

permissions as (
    select * from {{ ref('contact_permissions') }}
),

engagement as (
    select * from {{ ref('agg_engagement_by_voter') }}
),

usable_gifts as (
    select * from {{ ref('agg_usable_gifts_by_voter') }}
),

-- Only people who engaged can be compared (F39, F40).
measured as (
    select
        profiles.state,
        profiles.svid,
        profiles.person_id,
        -- A list of lookalikes is made to ask: people who may not be asked for a gift are on none.
        permissions.solicitation_blocked_by is null as is_eligible,
        profiles.engagements,
        {{ days_between('profiles.last_engagement_date', as_of_date()) }} as days_since_last_engagement,
        {{ days_between('engagement.first_engagement_date', as_of_date()) }} as days_since_first_engagement,
        {{ click_rate('profiles.total_clicks', 'profiles.sends') }} as click_rate,
        coalesce(usable_gifts.usable_gifts, 0) as past_donations,
        {{ days_between('usable_gifts.last_usable_gift_date', as_of_date()) }} as days_since_last_donation,
        {{ days_between('usable_gifts.first_usable_gift_date', as_of_date()) }} as days_since_first_donation,
        profiles.voter_number,
        '{{ invocation_id }}' as build_id
    from profiles
    inner join permissions
        on profiles.voter_number = permissions.voter_number
    inner join engagement
        on
            profiles.state = engagement.state
            and profiles.svid = engagement.svid
    -- Most people never gave.
    left join usable_gifts
        on
            profiles.state = usable_gifts.state
            and profiles.svid = usable_gifts.svid
    where profiles.engagements > 0
)

select * from measured
