with trials as (
    select * from {{ ref('send_time_trials') }}
    where
        horizons_back = 1
        and sends_after > 0
),

-- The voter's own level in the later mail: only the hours of one person are compared, never two people.
leveled as (
    select
        voter_number,
        dimension,
        {{ exact_sum('responses_after', 9) }}
        / nullif({{ exact_sum('expected_after * group_index', 9) }}, 0) as level_after
    from trials
    group by voter_number, dimension
),

-- How far the person's index is from the group's, and how far later responses are from what the group's lets expect.
deviated as (
    select
        trials.voter_number,
        trials.dimension,
        trials.sends_after,
        trials.engaged_sends_after,
        trials.own_index - trials.group_index as own_deviation,
        trials.expected_after * leveled.level_after as expected_responses,
        trials.responses_after - trials.expected_after * leveled.level_after * trials.group_index as unexpected
    from trials
    inner join leveled
        on
            trials.voter_number = leveled.voter_number
            and trials.dimension = leveled.dimension
),

summed_by_voter as (
    select
        voter_number,
        dimension,
        cast(sum(sends_after) as bigint) as sends,
        cast(sum(engaged_sends_after) as bigint) as engaged_sends,
        {{ exact_sum('own_deviation * unexpected', 12, 38) }} as agreement,
        {{ exact_sum('own_deviation * own_deviation * expected_responses', 12, 38) }} as expected_agreement
    from deviated
    group by voter_number, dimension
),

-- 1: later responses deviate by as much as the personal level says. 0: they don't at all.
estimated as (
    select
        dimension,
        {{ exact_sum('agreement', 12, 38) }} / nullif({{ exact_sum('expected_agreement', 12, 38) }}, 0) as held_share
    from summed_by_voter
    group by dimension
),

-- The variance of a ratio estimate: voters are the independent units.
measured as (
    select
        summed_by_voter.dimension,
        count(*) as voters,
        cast(sum(summed_by_voter.sends) as bigint) as sends,
        cast(sum(summed_by_voter.engaged_sends) as bigint) as engaged_sends,
        min(estimated.held_share) as held_share,
        1.96e0 * sqrt({{ exact_sum(
            'power(summed_by_voter.agreement - estimated.held_share * summed_by_voter.expected_agreement, 2)', 12, 38
        ) }}) / nullif({{ exact_sum('summed_by_voter.expected_agreement', 12, 38) }}, 0) as margin
    from summed_by_voter
    inner join estimated
        on summed_by_voter.dimension = estimated.dimension
    group by summed_by_voter.dimension
),

-- Both dimensions have a row, even where nobody has enough mail.
graded as (
    select
        dimensions.dimension,
        coalesce(measured.voters, 0) as voters,
        coalesce(measured.sends, 0) as sends,
        round(measured.held_share, 4) as held_share,
        round(measured.held_share - measured.margin, 4) as held_share_low,
        round(measured.held_share + measured.margin, 4) as held_share_high,
        case
            when coalesce(measured.voters, 0) < {{ rule_value('score_rules', 'least_positives') }}
                then 'insufficient_data'
            when measured.engaged_sends < {{ rule_value('score_rules', 'least_positives') }} then 'insufficient_data'
            when measured.held_share is null then 'insufficient_data'
            when measured.held_share - measured.margin > 0 then 'better'
            else 'no_better'
        end as verdict,
        '{{ invocation_id }}' as build_id
    from (values ('hour'), ('weekday')) as dimensions (dimension)
    left join measured
        on dimensions.dimension = measured.dimension
)

select * from graded
