with contents as (
    select * from {{ ref('agg_interactions_by_voter_content') }}
),

scales as (
    select * from {{ score_scales() }} as score_scales
),

-- Content without a topic or client is a kind of its own, and counts in the denominator (F104).
stacked as (
    select
        contents.*,
        dimensions.dimension,
        case dimensions.dimension
            when 'category' then contents.category
            when 'client' then coalesce(contents.client_shortname, 'uncategorised')
            when 'topic' then coalesce(contents.topic, 'uncategorised')
        end as value
    from contents
    cross join (values ('category'), ('client'), ('topic')) as dimensions (dimension)
),

summed_by_voter as (
    select
        dimension,
        value,
        voter_number,
        sum(interactions) as interactions,
        sum(contact_interactions) as contact_interactions
    from stacked
    group by dimension, value, voter_number
),

voters as (
    select
        voter_number,
        sum(interactions) as all_interactions
    from contents
    group by voter_number
),

-- A person's shares are mixed with the population's: otherwise one interaction reads as 100 percent (F104).
population as (
    select
        count(*) as all_people,
        {{ exact_sum('1 / (cast(voters.all_interactions as double) + scales.content_prior_interactions)', 15) }}
            as inverses
    from voters
    cross join scales
),

all_contacts as (
    select sum(contact_interactions) as all_interactions from contents
),

counted as (
    select
        summed_by_voter.dimension,
        summed_by_voter.value,
        cast(sum(summed_by_voter.contact_interactions) as bigint) as interactions,
        count(*) as people,
        {{ exact_sum('cast(summed_by_voter.interactions as double) / voters.all_interactions', 15) }} as shares,
        {{ exact_sum(
            'cast(summed_by_voter.interactions as double)'
            ~ ' / (voters.all_interactions + scales.content_prior_interactions)', 15
        ) }} as shrunk_shares
    from summed_by_voter
    inner join voters
        on summed_by_voter.voter_number = voters.voter_number
    cross join scales
    group by summed_by_voter.dimension, summed_by_voter.value
),

shared as (
    select
        counted.*,
        cast(all_contacts.all_interactions as bigint) as all_interactions,
        {{ share('counted.interactions', 'all_contacts.all_interactions') }} as interaction_share,
        population.all_people,
        round(counted.shares / population.all_people, 6) as mean_share,
        round(
            (
                counted.shrunk_shares
                + scales.content_prior_interactions * population.inverses
                * {{ share('counted.interactions', 'all_contacts.all_interactions') }}
            ) / population.all_people, 6
        ) as mean_share_adjusted,
        counted.people < {{ rule_value('disclosure_limits', 'small_group') }} as is_small_group
    from counted
    cross join all_contacts
    cross join population
    cross join scales
),

-- Content without a name and content of a small group have no rank.
ranked as (
    select
        *,
        row_number() over (partition by dimension order by mean_share_adjusted desc, value asc) as content_rank
    from shared
    where
        value <> 'uncategorised'
        and not is_small_group
),

preferred as (
    select
        shared.dimension,
        shared.value,
        shared.interactions,
        shared.all_interactions,
        shared.interaction_share,
        shared.people,
        shared.all_people,
        shared.mean_share,
        shared.mean_share_adjusted,
        ranked.content_rank,
        shared.is_small_group,
        '{{ invocation_id }}' as build_id
    from shared
    left join ranked
        on
            shared.dimension = ranked.dimension
            and shared.value = ranked.value
)

select * from preferred
