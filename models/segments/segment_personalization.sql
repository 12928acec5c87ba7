{{ config(parameters=['svids']) }}

with personalization as (
    select * from {{ ref('personalization') }}
),

requested as (
    {{ requested_voters() }}
),

slots as (
    select distinct slot from personalization
),

-- Each requested id once a slot, known or unknown (F03).
answered as (
    select
        requested.requested_svid,
        slots.slot,
        personalization.state,
        personalization.svid,
        requested.request_status,
        personalization.rule,
        personalization.priority,
        personalization.template,
        personalization.variables
    from requested
    cross join slots
    -- Unknown and ambiguous ids are in no mart.
    left join personalization
        on
            requested.voter_number = personalization.voter_number
            and slots.slot = personalization.slot
)

select * from answered
order by requested_svid, slot
