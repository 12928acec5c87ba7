with definitions as (
    select * from {{ ref('stg_definitions__definitions') }}
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

members as (
    select * from {{ ref('audience_members') }}
    where kind = 'segment'
),

spells as (
    select * from {{ ref('segment_spells') }}
),

-- Put into words here and not in the question: a thousand ids then take a few milliseconds.
explained as (
    select
        members.name,
        members.voter_number,
        string_agg(
            case
                when criteria.is_sensitive then 'a sensitive condition on ' || criteria.field
                else criteria.words || coalesce(' (found ' || segment_criteria.found || ')', '')
            end,
            '; ' order by clauses.position
        ) as why
    from members
    inner join clauses
        on
            members.kind = clauses.kind
            and members.name = clauses.name
            and members.clause_number = clauses.clause_number
    inner join criteria
        on clauses.criterion = criteria.criterion
    inner join segment_criteria
        on
            clauses.criterion = segment_criteria.criterion
            and members.voter_number = segment_criteria.voter_number
    group by members.name, members.voter_number
),

listed as (
    select
        members.name as segment,
        members.state,
        members.svid,
        definitions.definition_hash,
        spells.entered_on,
        explained.why,
        members.voter_number,
        '{{ invocation_id }}' as build_id
    from members
    inner join explained
        on
            members.name = explained.name
            and members.voter_number = explained.voter_number
    inner join definitions
        on
            members.kind = definitions.kind
            and members.name = definitions.name
    inner join spells
        on
            members.name = spells.segment
            and members.state = spells.state
            and members.svid = spells.svid
            and spells.left_on is null
)

select * from listed
-- Rows with equal reasons lie together: their text is stored once, and a question about 1,000 ids reads little of it.
order by segment, why, voter_number
