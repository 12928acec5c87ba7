with definitions as (
    select * from {{ ref('stg_definitions__definitions') }}
),

members as (
    select * from {{ ref('audience_members') }}
),

segment_sizes as (
    select * from {{ ref('segment_sizes') }}
),

voters as (
    select * from {{ ref('key_voters') }}
),

clock as (
    select * from {{ ref('key_clock') }}
),

-- The state at the end of the day before: what was said of this day or a later one is undone. Spells of people who are
-- erased, or no longer in the voter file, are deleted.
earlier as (
    select
        last_spells.segment,
        last_spells.state,
        last_spells.svid,
        last_spells.entered_on,
        last_spells.entered_by,
        case when last_spells.left_on < clock.as_of_date then last_spells.left_on end as left_on,
        case when last_spells.left_on < clock.as_of_date then last_spells.left_by end as left_by
    from ({{ last_segment_spells() }}) as last_spells
    inner join voters
        on
            last_spells.state = voters.state
            and last_spells.svid = voters.svid
    cross join clock
    where last_spells.entered_on < clock.as_of_date
),

-- Whether the definition is another one than the last time.
changes as (
    select
        segment_sizes.segment,
        segment_sizes.is_first_build,
        coalesce(segment_sizes.definition_hash, '')
        <> coalesce(segment_sizes.definition_hash_before, '') as is_redefined
    from segment_sizes
    inner join clock
        on segment_sizes.as_of_date = clock.as_of_date
),

current_members as (
    select
        name as segment,
        state,
        svid
    from members
    where kind = 'segment'
),

known_segments as (
    select name as segment
    from definitions
    where kind = 'segment'
),

continued as (
    select
        earlier.segment,
        earlier.state,
        earlier.svid,
        earlier.entered_on,
        earlier.entered_by,
        case
            when earlier.left_on is null and current_members.segment is null then clock.as_of_date
            else earlier.left_on
        end as left_on,
        case
            when earlier.left_on is not null or current_members.segment is not null then earlier.left_by
            when known_segments.segment is null then 'segment_removed'
            when coalesce(changes.is_redefined, false) then 'definition'
            else 'behavior'
        end as left_by
    from earlier
    cross join clock
    -- Former members, and segments that are gone.
    left join current_members
        on
            earlier.segment = current_members.segment
            and earlier.state = current_members.state
            and earlier.svid = current_members.svid
    left join known_segments
        on earlier.segment = known_segments.segment
    left join changes
        on earlier.segment = changes.segment
),

open_spells as (
    select * from earlier
    where left_on is null
),

begun as (
    select
        current_members.segment,
        current_members.state,
        current_members.svid,
        clock.as_of_date as entered_on,
        case
            when changes.is_first_build then 'first_build'
            when changes.is_redefined then 'definition'
            else 'behavior'
        end as entered_by,
        cast(null as date) as left_on,
        cast(null as varchar) as left_by
    from current_members
    cross join clock
    inner join changes
        on current_members.segment = changes.segment
    -- Only those who are no members yet. DuckDB 2.0 loses the filter of open_spells in a left join with `is null`.
    where
        not exists (
            select 1
            from open_spells
            where
                current_members.segment = open_spells.segment
                and current_members.state = open_spells.state
                and current_members.svid = open_spells.svid
        )
),

united as (
    select * from continued
    union all
    select * from begun
),

listed as (
    select
        segment,
        state,
        svid,
        entered_on,
        entered_by,
        left_on,
        left_by,
        '{{ invocation_id }}' as build_id
    from united
)

select * from listed
