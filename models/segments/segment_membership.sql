{{ config(parameters=['svids']) }}

with members as (
    select * from {{ ref('segment_members') }}
),

requested as (
    {{ requested_voters() }}
),

answered as (
    select
        requested.requested_svid,
        members.segment,
        members.entered_on,
        members.why
    from requested
    -- People in no segment, and unknown or ambiguous ids, are listed once, without a segment (F03).
    left join members
        on requested.voter_number = members.voter_number
)

select * from answered
order by requested_svid, segment
