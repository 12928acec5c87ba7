{{ config(parameters=['svids']) }}

with members as (
    select * from {{ ref('segment_members') }}
),

clauses as (
    select * from {{ ref('stg_definitions__clauses') }}
),

criteria as (
    select * from {{ ref('stg_definitions__criteria') }}
),

segment_criteria as (
    select * from {{ ref('segment_criteria') }}
),

requested as (
    {{ requested_voters() }}
),

joined as (
    select
        requested.requested_svid,
        requested.voter_number,
        members.segment,
        members.entered_on,
        members.clause_number
    from requested
    -- Who is in no segment, unknown or ambiguous is listed once, without a segment (F03).
    left join members
        on requested.voter_number = members.voter_number
),

explained as (
    select
        joined.requested_svid,
        joined.segment,
        string_agg(
            criteria.words || coalesce(' (found ' || segment_criteria.found || ')', ''), '; ' order by clauses.position
        ) as why
    from joined
    inner join clauses
        on
            joined.segment = clauses.name
            and clauses.kind = 'segment'
            and joined.clause_number = clauses.clause_number
    inner join criteria
        on clauses.criterion = criteria.criterion
    inner join segment_criteria
        on
            clauses.criterion = segment_criteria.criterion
            and joined.voter_number = segment_criteria.voter_number
    group by joined.requested_svid, joined.segment
),

answered as (
    select
        joined.requested_svid,
        joined.segment,
        joined.entered_on,
        explained.why
    from joined
    left join explained
        on
            joined.requested_svid = explained.requested_svid
            and joined.segment = explained.segment
)

select * from answered
order by requested_svid, segment
