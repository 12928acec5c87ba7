with personalization as (
    select * from {{ ref('personalization') }}
),

counted as (
    select
        slot,
        rule,
        tied_rule,
        priority,
        count(*) as people
    from personalization
    where tied_rule is not null
    group by slot, rule, tied_rule, priority
),

listed as (
    select
        slot,
        rule,
        tied_rule,
        priority,
        case when people >= {{ rule_value('disclosure_limits', 'small_group') }} then people end as people,
        '{{ invocation_id }}' as build_id
    from counted
)

select * from listed
