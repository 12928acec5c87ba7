with rules as (
    select * from {{ ref('stg_definitions__rules') }}
),

audiences as (
    select * from {{ ref('audience_members') }}
    where kind = 'rule'
),

voters as (
    select * from {{ ref('key_voters') }}
),

clock as (
    select * from {{ ref('key_clock') }}
),

-- A rule counts on its first and on its last day.
current_rules as (
    select rules.*
    from rules
    cross join clock
    where
        rules.status = 'active'
        and coalesce(rules.starts_on <= clock.as_of_date, true)
        and coalesce(rules.ends_on >= clock.as_of_date, true)
),

-- A rule without an audience is for everybody: each slot has one, its fallback.
candidates as (
    select
        current_rules.*,
        audiences.voter_number
    from current_rules
    inner join audiences
        on current_rules.rule = audiences.name
    union all
    select
        current_rules.*,
        voters.voter_number
    from current_rules
    cross join voters
    where current_rules.is_fallback
),

ranked as (
    select
        *,
        row_number() over (
            partition by voter_number, slot
            -- A fallback has the last word, whatever its priority.
            order by is_fallback asc, priority desc, rule asc
        ) as place,
        lead(rule) over (partition by voter_number, slot, is_fallback, priority order by rule) as tied_rule
    from candidates
),

chosen as (
    select
        voters.state,
        voters.svid,
        ranked.slot,
        ranked.rule,
        ranked.priority,
        ranked.template,
        ranked.variables,
        ranked.tied_rule,
        ranked.voter_number,
        '{{ invocation_id }}' as build_id
    from ranked
    inner join voters
        on ranked.voter_number = voters.voter_number
    where ranked.place = 1
)

select * from chosen
