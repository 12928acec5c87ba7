{{ config(parameters=['svids']) }}

with enriched_profiles as (
    select * from {{ ref('enriched_profiles') }}
),

personalization as (
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
        enriched_profiles.state,
        enriched_profiles.svid,
        coalesce(enriched_profiles.link_status, requested.request_status) as link_status,
        personalization.rule,
        personalization.priority,
        personalization.template,
        personalization.variables
    from requested
    cross join slots
    -- Unknown and ambiguous ids are in no mart.
    left join enriched_profiles
        on requested.voter_number = enriched_profiles.voter_number
    left join personalization
        on
            requested.voter_number = personalization.voter_number
            and slots.slot = personalization.slot
)

select * from answered
order by requested_svid, slot
