with definitions as (
    select * from {{ ref('stg_definitions__definitions') }}
),

sizes as (
    select * from {{ ref('segment_sizes') }}
),

performance as (
    select * from {{ ref('segment_performance') }}
),

advice as (
    select * from {{ ref('segment_advice') }}
),

voters as (
    select * from {{ ref('key_voters') }}
),

clock as (
    select * from {{ ref('key_clock') }}
),

counted_file as (
    select count(*) as voters from voters
),

measured as (
    select
        definitions.*,
        coalesce(sizes.people, 0) as members,
        definitions.status = 'active' as is_evaluated,
        sizes.people - sizes.people_before as change,
        counted_file.voters,
        {{ share('sizes.people', 'counted_file.voters') }} as member_share,
        performance.average_engagement_score,
        performance.engagement_rate,
        performance.engagement_rate_low,
        performance.engagement_rate_high,
        performance.file_engagement_rate,
        performance.engagement_difference,
        performance.engagement_difference_low,
        performance.engagement_difference_high,
        performance.givers,
        performance.opted_out_people,
        cast({{ rule_value('disclosure_limits', 'small_group') }} as bigint) as minimum_people
    from definitions
    cross join counted_file
    cross join clock
    -- A draft has no size, and an empty segment no performance.
    left join sizes
        on
            definitions.name = sizes.segment
            and clock.as_of_date = sizes.as_of_date
    left join performance
        on
            definitions.name = performance.value
            and performance.dimension = 'segment'
    where definitions.kind = 'segment'
),

-- Few members, few others, or a change of few people point at persons.
graded as (
    select
        *,
        {{ is_small_group(['members', 'voters - members']) }} as is_small_group,
        {{ is_small_group(['abs(change)']) }} as is_small_change,
        {{ is_small_group(['givers', 'members - givers']) }} as hides_givers,
        {{ is_small_group(['opted_out_people', 'members - opted_out_people']) }} as hides_opt_outs
    from measured
),

advised as (
    select
        graded.name,
        advice.advice,
        advice.words,
        row_number() over (partition by graded.name order by advice.sort_order) as advice_rank
    from graded
    inner join advice
        on
            case advice.measure
                when 'people' then graded.members
                when 'share_of_file' then graded.member_share
                when 'engagement_rate' then graded.engagement_rate
                when 'average_engagement_score' then graded.average_engagement_score
            end
            * case advice.direction when 'above' then 1 else -1 end
            > advice.threshold * case advice.direction when 'above' then 1 else -1 end
    where graded.status = 'active'
),

listed as (
    select
        graded.name as segment,
        graded.title as name,
        graded.status,
        graded.form as kind,
        graded.owner,
        graded.description,
        case when not graded.is_small_group and graded.is_evaluated then graded.members end as people,
        case when not graded.is_small_group then round(graded.member_share, 6) end as share_of_file,
        case when not graded.is_small_group and not graded.is_small_change then graded.change end as change_since_last,
        case when not graded.is_small_group then graded.average_engagement_score end as average_engagement_score,
        case when not graded.is_small_group then graded.engagement_rate end as engagement_rate,
        case when not graded.is_small_group then graded.engagement_rate_low end as engagement_rate_low,
        case when not graded.is_small_group then graded.engagement_rate_high end as engagement_rate_high,
        graded.file_engagement_rate,
        case when not graded.is_small_group then graded.engagement_difference end as engagement_difference,
        case when not graded.is_small_group then graded.engagement_difference_low end as engagement_difference_low,
        case when not graded.is_small_group then graded.engagement_difference_high end as engagement_difference_high,
        case when not graded.is_small_group and not graded.hides_givers then graded.givers end as givers,
        case
            when not graded.is_small_group and not graded.hides_opt_outs then graded.opted_out_people
        end as opted_out_people,
        graded.is_small_group,
        coalesce(advised.advice, case when graded.status = 'active' then 'keep' else 'not_evaluated' end) as advice,
        advised.words as advice_words,
        graded.definition_hash,
        '{{ invocation_id }}' as build_id
    from graded
    -- Most segments need no advice.
    left join advised
        on
            graded.name = advised.name
            and advised.advice_rank = 1
)

select * from listed
