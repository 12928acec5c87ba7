with criteria as (
    select * from {{ ref('stg_definitions__criteria') }}
),

criterion_values as (
    select * from {{ ref('stg_definitions__criterion_values') }}
),

voters as (
    select * from {{ ref('key_voters') }}
),

acts as (
    select * from {{ ref('agg_acts_by_voter_criterion') }}
),

sequences as (
    select * from {{ ref('agg_sequences_by_voter_criterion') }}
),

interactions as (
    select * from {{ ref('agg_interactions_by_voter_content') }}
),

voter_lists as (
    select * from {{ ref('lnk_voter_list') }}
),

clock as (
    select * from {{ ref('key_clock') }}
),

used_fields as (
    select distinct field from criteria
    where leaf = 'field'
),

field_values as (
    {{ segment_field_values('used_fields') }}
),

counted as (
    select * from acts
    union all
    select
        criterion,
        voter_number,
        cast(1 as bigint) as acts,
        cast(0 as double) as total,
        cast(completed_at as date) as last_date
    from sequences
),

-- People who did nothing of the kind have 0 acts: listed only for criteria that hold then.
counted_or_not as (
    select * from counted
    union all
    select
        criteria.criterion,
        voters.voter_number,
        cast(0 as bigint) as acts,
        cast(0 as double) as total,
        cast(null as date) as last_date
    from criteria
    cross join voters
    where
        criteria.holds_without_acts
        and not exists (
            select 1
            from counted
            where
                criteria.criterion = counted.criterion
                and voters.voter_number = counted.voter_number
        )
),

judged_acts as (
    select
        criteria.criterion,
        counted_or_not.voter_number,
        criteria.is_negated,
        case criteria.leaf
            when 'did'
                then
                    counted_or_not.acts >= criteria.at_least
                    and (criteria.at_most is null or counted_or_not.acts <= criteria.at_most)
            when 'total_of'
                then
                    (criteria.at_least is null or counted_or_not.total >= criteria.at_least)
                    and (criteria.at_most is null or counted_or_not.total <= criteria.at_most)
                    and (criteria.below is null or counted_or_not.total < criteria.below)
            when 'last'
                then
                    counted_or_not.last_date is not null
                    and (
                        criteria.within_days is null
                        or {{ days_between('counted_or_not.last_date', 'clock.as_of_date') }} <= criteria.within_days
                    )
                    and (
                        criteria.more_than_ago_days is null
                        or {{ days_between('counted_or_not.last_date', 'clock.as_of_date') }}
                        > criteria.more_than_ago_days
                    )
            else counted_or_not.acts > 0
        end as holds,
        case criteria.leaf
            when 'did' then cast(counted_or_not.acts as varchar)
            when 'total_of' then cast(cast(counted_or_not.total as decimal(18, 2)) as varchar)
            else coalesce(cast(counted_or_not.last_date as varchar), 'never')
        end as found
    from counted_or_not
    inner join criteria
        on counted_or_not.criterion = criteria.criterion
    cross join clock
),

-- An unnamed topic counts among all acts (F104). Opinions that people gave are left out.
interests as (
    select
        criteria.criterion,
        interactions.voter_number,
        sum(interactions.interactions) as acts,
        coalesce(sum(case when criterion_values.value is not null then interactions.interactions end), 0) as topic_acts
    from criteria
    cross join interactions
    -- Most interactions have another topic.
    left join criterion_values
        on
            criteria.criterion = criterion_values.criterion
            and interactions.topic = criterion_values.value
    where
        criteria.leaf = 'prefers'
        and not interactions.is_opinion
    group by criteria.criterion, interactions.voter_number
),

judged_interests as (
    select
        criteria.criterion,
        voters.voter_number,
        criteria.is_negated,
        case
            when interests.acts >= criteria.least_acts
                then {{ share('interests.topic_acts', 'interests.acts') }} >= criteria.at_least
        end as holds,
        cast(coalesce(interests.topic_acts, 0) as varchar) || ' of '
        || cast(coalesce(interests.acts, 0) as varchar) as found
    from criteria
    cross join voters
    -- Without an act the preference is unknown.
    left join interests
        on
            criteria.criterion = interests.criterion
            and voters.voter_number = interests.voter_number
    where criteria.leaf = 'prefers'
),

listed_voters as (
    select
        criteria.criterion,
        voters.voter_number,
        true as is_listed
    from criteria
    inner join criterion_values
        on criteria.criterion = criterion_values.criterion
    inner join voter_lists
        on criterion_values.value = voter_lists.list_name
    inner join voters
        on
            voter_lists.state = voters.state
            and voter_lists.svid = voters.svid
    where criteria.leaf = 'listed'
),

judged_lists as (
    select
        criteria.criterion,
        voters.voter_number,
        criteria.is_negated,
        coalesce(listed_voters.is_listed, false) as holds,
        case when listed_voters.is_listed then 'yes' else 'no' end as found
    from criteria
    cross join voters
    -- Most voters are on no list.
    left join listed_voters
        on
            criteria.criterion = listed_voters.criterion
            and voters.voter_number = listed_voters.voter_number
    where criteria.leaf = 'listed'
),

judged_fields as (
    select
        criteria.criterion,
        field_values.voter_number,
        criteria.is_negated,
        case
            when criteria.is_known is not null then criteria.is_known = (field_values.value_text is not null)
            when field_values.value_text is not null
                then
                    (criteria.at_least is null or field_values.value_number >= criteria.at_least)
                    and (criteria.at_most is null or field_values.value_number <= criteria.at_most)
                    and (criteria.below is null or field_values.value_number < criteria.below)
                    and (criteria.earliest is null or field_values.value_date >= criteria.earliest)
                    and (criteria.latest is null or field_values.value_date <= criteria.latest)
                    and (criteria.before is null or field_values.value_date < criteria.before)
                    and (criteria.accepted_values = 0 or texts.criterion is not null or numbers.criterion is not null)
        end as holds,
        case when not criteria.is_sensitive then coalesce(field_values.value_text, 'unknown') end as found
    from criteria
    inner join field_values
        on criteria.field = field_values.field
    -- A value is accepted as a text or as a number.
    left join criterion_values as texts
        on
            criteria.criterion = texts.criterion
            and texts.value_number is null
            and field_values.value_text = texts.value
    left join criterion_values as numbers
        on
            criteria.criterion = numbers.criterion
            and field_values.value_number = numbers.value_number
),

united as (
    select * from judged_acts
    union all
    select * from judged_interests
    union all
    select * from judged_lists
    union all
    select * from judged_fields
),

-- Three truth values: the negation of unknown is unknown (F90). False ones are not kept.
true_or_unknown as (
    select
        criterion,
        voter_number,
        holds is null as is_unknown,
        found,
        '{{ invocation_id }}' as build_id
    from united
    where
        holds is null
        or holds <> is_negated
)

select * from true_or_unknown
order by criterion, voter_number
