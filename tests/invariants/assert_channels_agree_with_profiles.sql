-- The event stream and the profiles agree: every voter has the same sends and gifts in both.
with channels as (
    select
        voter_number,
        max(case when channel = 'email' then exposures end) as sends,
        max(case when channel = 'giving' then activities end) as gifts
    from {{ ref('channel_engagement') }}
    group by voter_number
)

select
    profiles.state,
    profiles.svid
from {{ ref('enriched_profiles') }} as profiles
left join channels
    on profiles.voter_number = channels.voter_number
where
    profiles.sends <> coalesce(channels.sends, 0)
    or profiles.donation_count <> coalesce(channels.gifts, 0)
