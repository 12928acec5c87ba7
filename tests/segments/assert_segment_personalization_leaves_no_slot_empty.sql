-- Of all voters, each has one content in each slot: the one of personalization.
with answered as (
    select *
    from {{ ref('segment_personalization') }}((
        select list({{ voter_text('voters.state', 'voters.svid') }}) from {{ ref('key_voters') }} as voters
    ))
),

personalization as (
    select * from {{ ref('personalization') }}
),

slots as (
    select distinct slot from {{ ref('stg_definitions__rules') }}
    where status = 'active'
),

expected as (
    select
        {{ voter_text('voters.state', 'voters.svid') }} as requested_svid,
        slots.slot,
        personalization.rule
    from {{ ref('key_voters') }} as voters
    cross join slots
    left join personalization
        on
            voters.state = personalization.state
            and voters.svid = personalization.svid
            and slots.slot = personalization.slot
)

select
    expected.requested_svid,
    expected.slot,
    answered.requested_svid as answered_svid
from expected
full outer join answered
    on
        expected.requested_svid = answered.requested_svid
        and expected.slot = answered.slot
where
    expected.requested_svid is null
    or answered.requested_svid is null
    or expected.rule is null
    or answered.rule <> expected.rule
