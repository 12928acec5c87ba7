-- The gifts of a profile are those that count for the score and those that may not. A voter without one that may serve
-- to solicit may not be asked, and nobody who may not be asked is a candidate for a list of lookalikes.
with profiles as (
    select * from {{ ref('enriched_profiles') }}
),

propensity as (
    select * from {{ ref('donor_propensity') }}
),

permissions as (
    select * from {{ ref('contact_permissions') }}
),

lookalikes as (
    select * from {{ ref('lookalike_profiles') }}
)

select
    profiles.state,
    profiles.svid
from profiles
left join propensity
    on profiles.voter_number = propensity.voter_number
left join permissions
    on profiles.voter_number = permissions.voter_number
-- People without an engagement are not compared.
left join lookalikes
    on profiles.voter_number = lookalikes.voter_number
where
    propensity.past_donations + propensity.gifts_not_used is distinct from profiles.donation_count
    or (propensity.past_donations > 0) <> (propensity.days_since_last_donation is not null)
    or (propensity.past_donations = 0 and propensity.gifts_not_used > 0 and permissions.may_solicit)
    -- A source may forbid contact and still permit a gift to count.
    or (
        permissions.contact_blocked_by is null
        and permissions.solicitation_blocked_by = 'permitted_use'
        and propensity.past_donations > 0
    )
    or lookalikes.is_eligible <> permissions.may_solicit
