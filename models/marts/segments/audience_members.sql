with clauses as (
    select * from {{ ref('stg_definitions__clauses') }}
),

segment_criteria as (
    select * from {{ ref('segment_criteria') }}
),

voters as (
    select * from {{ ref('key_voters') }}
),

-- A clause holds if all its criteria do.
fulfilled as (
    select
        clauses.kind,
        clauses.name,
        clauses.clause_number,
        segment_criteria.voter_number
    from clauses
    inner join segment_criteria
        on clauses.criterion = segment_criteria.criterion
    where not segment_criteria.is_unknown
    group by clauses.kind, clauses.name, clauses.clause_number, segment_criteria.voter_number
    having count(*) = max(clauses.criteria_in_clause)
),

first_clauses as (
    select
        kind,
        name,
        voter_number,
        min(clause_number) as clause_number
    from fulfilled
    group by kind, name, voter_number
),

named as (
    select
        first_clauses.kind,
        first_clauses.name,
        voters.state,
        voters.svid,
        voters.voter_number,
        first_clauses.clause_number,
        '{{ invocation_id }}' as build_id
    from first_clauses
    inner join voters
        on first_clauses.voter_number = voters.voter_number
)

select * from named
order by kind, name, voter_number
