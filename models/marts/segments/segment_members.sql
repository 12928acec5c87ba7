with definitions as (
    select * from {{ ref('stg_definitions__definitions') }}
),

members as (
    select * from {{ ref('audience_members') }}
),

spells as (
    select * from {{ ref('segment_spells') }}
),

listed as (
    select
        members.name as segment,
        members.state,
        members.svid,
        definitions.definition_hash,
        spells.entered_on,
        members.clause_number,
        members.voter_number,
        '{{ invocation_id }}' as build_id
    from members
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
    where members.kind = 'segment'
)

select * from listed
order by voter_number, segment
