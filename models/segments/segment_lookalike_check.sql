{{ config(parameters=['svids']) }}

{{ with_recursion() }} profiles as {{ inlined() }} (
    select * from {{ ref('agg_earlier_likeness_by_voter') }}
),

traits as {{ inlined() }} (
    select * from {{ ref('agg_earlier_likeness_by_voter_client') }}
),

eligibility as {{ inlined() }} (
    select * from {{ ref('lookalike_profiles') }}
),

neighbours as (
    select * from {{ ref('key_voter_neighbours') }}
),

shares as (
    select value as k_share
    from {{ ref('rules') }}
    where subject = 'evaluation_shares'
),

population as (
    {{ trait_population('traits') }}
),

voters as {{ materialized() }} (
    {{ segment_voters() }}
),

halved as {{ materialized() }} (
    select
        voters.voter_number,
        {{ is_held_out('eligibility.state', 'eligibility.svid') }} as is_held_out
    from voters
    inner join eligibility
        on voters.voter_number = eligibility.voter_number
),

seeds as {{ materialized() }} (
    select voter_number
    from halved
    where not is_held_out
),

{{ likeness_steps('profiles', 'traits', 'population', 'seeds') }},

-- People who share an address or phone with a seed behave like it by themselves.
excluded as (
    select voter_number from seeds
    union
    select neighbours.neighbour_number as voter_number
    from neighbours
    inner join seeds
        on neighbours.voter_number = seeds.voter_number
),

candidates as {{ materialized() }} (
    select
        compared.voter_number,
        round({{ logistic('compared.log_odds') }}, 4) as similarity,
        round(ln(1 + cast(profiles.engagements as double)) * 4) as volume,
        profiles.later_acts,
        coalesce(halved.is_held_out, false) as is_held_out
    from compared
    inner join profiles
        on compared.voter_number = profiles.voter_number
    inner join eligibility
        on compared.voter_number = eligibility.voter_number
    -- Most people are not of the segment.
    left join halved
        on compared.voter_number = halved.voter_number
    where
        eligibility.is_eligible
        and exists (select 1 from seeds)
        and not exists (
            select 1
            from excluded
            where excluded.voter_number = compared.voter_number
        )
),

ranked as (
    select
        *,
        row_number() over (order by similarity desc, voter_number asc) as similarity_rank
    from candidates
),

ties as (
    select
        similarity,
        count(*) as people,
        count(case when is_held_out then 1 end) as held_out
    from candidates
    group by similarity
),

placed_ties as (
    select
        *,
        coalesce(sum(people) over above, 0) as people_above,
        coalesce(sum(people - held_out) over above, 0) as others_above,
        sum(people) over () as all_people,
        sum(held_out) over () as all_held_out
    from ties
    window above as (order by similarity desc rows between unbounded preceding and 1 preceding)
),

-- A held-out person beats another with a lower similarity, and half beats one with the same (Mann and Whitney 1947).
ordered as (
    select
        coalesce(max(all_people), 0) as people,
        coalesce(max(all_held_out), 0) as held_out,
        cast(sum(held_out * (all_people - all_held_out - others_above - (people - held_out) * 0.5)) as double)
        / nullif(cast(max(all_held_out) as double) * (max(all_people) - max(all_held_out)), 0) as auc
    from placed_ties
),

-- Hanley and McNeil (1982).
bounded_order as (
    select
        *,
        auc - 1.96e0 * sqrt(abs(
            auc * (1 - auc)
            + (held_out - 1) * (auc / (2 - auc) - auc * auc)
            + (people - held_out - 1) * (2 * auc * auc / (1 + auc) - auc * auc)
        ) / nullif(cast(held_out as double) * (people - held_out), 0)) as auc_low
    from ordered
),

cut as (
    select
        shares.k_share,
        bounded_order.people,
        bounded_order.held_out,
        bounded_order.auc_low,
        greatest(1, floor(bounded_order.people * shares.k_share)) as k
    from shares
    cross join bounded_order
),

-- If the cut divides a tie, each person of the tie is in with the same chance.
found as (
    select
        cut.k_share,
        {{ exact_sum(
            'placed_ties.held_out * greatest(0, least(placed_ties.people, cut.k - placed_ties.people_above))'
            ~ ' / cast(placed_ties.people as double)', 9
        ) }} as recovered
    from cut
    cross join placed_ties
    group by cut.k_share
),

-- The list's people against as many others who had engaged as often.
grouped as (
    select
        cut.k_share,
        ranked.volume,
        count(case when ranked.similarity_rank <= cut.k then 1 end) as listed_people,
        count(case when ranked.similarity_rank > cut.k then 1 end) as other_people,
        sum(case when ranked.similarity_rank <= cut.k then ranked.later_acts end) as listed_acts,
        sum(case when ranked.similarity_rank > cut.k then ranked.later_acts end) as other_acts
    from cut
    cross join ranked
    group by cut.k_share, ranked.volume
),

matched as (
    select
        k_share,
        {{ exact_sum('least(listed_people, other_people) * cast(listed_acts as double) / listed_people', 9) }}
            as listed_acts,
        {{ exact_sum('least(listed_people, other_people) * cast(other_acts as double) / other_people', 9) }}
            as matched_acts
    from grouped
    where
        listed_people > 0
        and other_people > 0
    group by k_share
),

measured as (
    select
        cut.*,
        coalesce(found.recovered, 0) as recovered,
        {{ share('found.recovered', 'cut.held_out') }} as recovered_share,
        {{ sample_size('cut.held_out') }} as trials,
        {{ share('cut.k', 'cut.people') }} as listed_share,
        matched.listed_acts / nullif(matched.matched_acts, 0) as later_acts_ratio
    from cut
    -- A list without candidates finds nobody.
    left join found
        on cut.k_share = found.k_share
    left join matched
        on cut.k_share = matched.k_share
),

bounded as (
    select
        *,
        recovered_share / listed_share as lift,
        {{ wilson_bound('recovered_share', 'trials', '-') }} / listed_share as lift_low,
        {{ wilson_bound('recovered_share', 'trials', '+') }} / listed_share as lift_high
    from measured
),

judged as (
    select
        k_share,
        cast(held_out as bigint) as held_out,
        round(recovered, 4) as recovered,
        round(lift, 4) as lift,
        round(lift_low, 4) as lift_low,
        round(lift_high, 4) as lift_high,
        round(later_acts_ratio, 4) as later_acts_ratio,
        case
            when held_out < {{ rule_value('lookalike_weights', 'least_held_out') }} then 'insufficient_data'
            when lift_low > 1 and auc_low > 0.5 then 'lift'
            else 'no_lift'
        end as verdict
    from bounded
)

select * from judged
order by k_share
