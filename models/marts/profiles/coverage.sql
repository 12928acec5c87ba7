with profiles as (
    select * from {{ ref('enriched_profiles') }}
),

counted_by_state as (
    select
        state,
        count(*) as in_file,
        count(case when is_contactable then 1 end) as contactable,
        count(case when emails_linked + phones_linked > 0 then 1 end) as linked,
        count(case when link_status = 'with_behavior' then 1 end) as with_behavior
    from profiles
    group by state
),

stepped as (
    select
        state,
        cast(1 as bigint) as step_number,
        'in_file' as step,
        in_file as people,
        in_file
    from counted_by_state
    union all
    select
        state,
        cast(2 as bigint) as step_number,
        'contactable' as step,
        contactable as people,
        in_file
    from counted_by_state
    union all
    select
        state,
        cast(3 as bigint) as step_number,
        'linked' as step,
        linked as people,
        in_file
    from counted_by_state
    union all
    select
        state,
        cast(4 as bigint) as step_number,
        'with_behavior' as step,
        with_behavior as people,
        in_file
    from counted_by_state
),

shared as (
    select
        state,
        step,
        step_number,
        people,
        {{ share('people', 'in_file') }} as share,
        '{{ invocation_id }}' as build_id
    from stepped
)

select * from shared
