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
        counted_by_state.*,
        steps.step,
        steps.step_number,
        case steps.step
            when 'in_file' then counted_by_state.in_file
            when 'contactable' then counted_by_state.contactable
            when 'linked' then counted_by_state.linked
            when 'with_behavior' then counted_by_state.with_behavior
        end as people
    from counted_by_state
    cross join (
        values ('in_file', 1), ('contactable', 2), ('linked', 3), ('with_behavior', 4)
    ) as steps (step, step_number)
),

shared as (
    select
        state,
        step,
        cast(step_number as bigint) as step_number,
        people,
        {{ share('people', 'in_file') }} as share,
        '{{ invocation_id }}' as build_id
    from stepped
)

select * from shared
