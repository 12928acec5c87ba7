with definitions as (
    select * from {{ ref('stg_definitions__definitions') }}
),

members as (
    select * from {{ ref('audience_members') }}
),

clock as (
    select * from {{ ref('key_clock') }}
),

-- Sizes of this day or a later one are computed again.
earlier as (
    select last_sizes.*
    from ({{ last_segment_sizes() }}) as last_sizes
    cross join clock
    where last_sizes.as_of_date < clock.as_of_date
),

ranked as (
    select
        *,
        row_number() over (partition by segment order by as_of_date desc) as days_back
    from earlier
),

active_segments as (
    select
        name as segment,
        definition_hash
    from definitions
    where
        kind = 'segment'
        and status = 'active'
),

counted_by_segment as (
    select
        name as segment,
        count(*) as people
    from members
    where kind = 'segment'
    group by name
),

today as (
    select
        active_segments.segment,
        active_segments.definition_hash,
        coalesce(counted_by_segment.people, 0) as people
    from active_segments
    -- A segment may have no members.
    left join counted_by_segment
        on active_segments.segment = counted_by_segment.segment
    union all
    -- A segment that was there the last time and is gone: a row without a hash.
    select
        ranked.segment,
        cast(null as varchar) as definition_hash,
        cast(0 as bigint) as people
    from ranked
    where
        ranked.days_back = 1
        and ranked.definition_hash is not null
        and not exists (
            select 1
            from active_segments
            where ranked.segment = active_segments.segment
        )
),

united as (
    select
        segment,
        as_of_date,
        definition_hash,
        people
    from earlier
    union all
    select
        today.segment,
        clock.as_of_date,
        today.definition_hash,
        today.people
    from today
    cross join clock
),

compared as (
    select
        segment,
        as_of_date,
        definition_hash,
        people,
        lag(definition_hash) over (partition by segment order by as_of_date) as definition_hash_before,
        lag(people) over (partition by segment order by as_of_date) as people_before,
        row_number() over (partition by segment order by as_of_date) = 1 as is_first_build,
        people < {{ rule_value('disclosure_limits', 'small_group') }} as is_small_group,
        '{{ invocation_id }}' as build_id
    from united
)

select * from compared
