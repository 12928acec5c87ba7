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

templates as (
    select * from {{ ref('message_templates') }}
),

permissions as (
    select * from {{ ref('contact_permissions') }}
),

clock as (
    select * from {{ ref('key_clock') }}
),

-- A rule counts on its first and on its last day.
current_rules as (
    select
        rules.*,
        coalesce(templates.asks_for_gift, false) as asks_for_gift
    from rules
    cross join clock
    -- The definitions were checked against the seed when the build began.
    left join templates
        on rules.template = templates.template
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

-- Content that asks for a gift is for people who may be asked. Chance holds some out of a rule, to measure it.
allowed as (
    select
        candidates.*,
        voters.state,
        voters.svid,
        {{ hash_bucket('candidates.salt', voter_text('voters.state', 'voters.svid')) }} < candidates.holdout_share
            as is_held_out
    from candidates
    inner join voters
        on candidates.voter_number = voters.voter_number
    inner join permissions
        on candidates.voter_number = permissions.voter_number
    where not candidates.asks_for_gift or permissions.may_solicit
),

-- A fallback has the last word, whatever its priority.
placed as (
    select
        *,
        row_number() over (
            partition by voter_number, slot
            order by is_fallback asc, priority desc, rule asc
        ) as place,
        lead(rule) over (partition by voter_number, slot, is_fallback, priority order by rule) as tied_rule
    from allowed
),

ranked as (
    select
        *,
        row_number() over (partition by voter_number, slot, is_held_out order by place) as place_in_group,
        max(case when place = 1 and is_held_out then rule end) over (partition by voter_number, slot) as held_out_rule
    from placed
),

chosen as (
    select
        state,
        svid,
        slot,
        rule,
        priority,
        template,
        variables,
        tied_rule,
        held_out_rule,
        voter_number,
        '{{ invocation_id }}' as build_id
    from ranked
    where
        not is_held_out
        and place_in_group = 1
)

select * from chosen
