with events as (
    select * from {{ ref('fct_voter_events') }}
),

-- People cause an opt-out themselves, but it does not show that they stay.
summed_by_month as (
    select
        voter_number,
        {{ month_start('occurred_at') }} as month_start,
        count(case when is_human and category <> 'opt_out' then 1 end) as human_events,
        count(case when event_type = 'donation' then 1 end) as gifts,
        sum(case when event_type in ('donation', 'refund') then cast(value as decimal(18, 2)) end) as value
    from events
    where is_contact
    group by voter_number, {{ month_start('occurred_at') }}
),

begun as (
    select
        voter_number,
        min(month_start) as first_touch_month,
        min(case when gifts > 0 then month_start end) as first_gift_month
    from summed_by_month
    group by voter_number
),

memberships as (
    select
        'first_touch' as cohort_kind,
        first_touch_month as cohort_month,
        voter_number
    from begun
    union all
    select
        'first_gift' as cohort_kind,
        first_gift_month as cohort_month,
        voter_number
    from begun
    where first_gift_month is not null
),

sized as (
    select
        cohort_kind,
        cohort_month,
        count(*) as members,
        {{ months_between('cohort_month', as_of_date()) }} as months_begun
    from memberships
    group by cohort_kind, cohort_month
),

limited as (
    select
        *,
        least(months_begun, cast({{ rule_value('journey_rules', 'cohort_months') }} as bigint)) as last_month
    from sized
),

-- An empty month keeps its row, with 0.
months as (
    select
        *,
        {{ numbers_up_to('last_month') }} as months_since
    from limited
),

returned as (
    select
        memberships.cohort_kind,
        memberships.cohort_month,
        {{ months_between('memberships.cohort_month', 'summed_by_month.month_start') }} as months_since,
        count(
            case
                when memberships.cohort_kind = 'first_gift' and summed_by_month.gifts > 0 then 1
                when memberships.cohort_kind = 'first_touch' and summed_by_month.human_events > 0 then 1
            end
        ) as active,
        sum(summed_by_month.value) as value
    from memberships
    inner join summed_by_month
        on memberships.voter_number = summed_by_month.voter_number
    where memberships.cohort_month <= summed_by_month.month_start
    group by
        memberships.cohort_kind,
        memberships.cohort_month,
        {{ months_between('memberships.cohort_month', 'summed_by_month.month_start') }}
),

accumulated as (
    select
        months.*,
        coalesce(returned.active, 0) as active,
        coalesce(returned.value, 0) as value,
        sum(coalesce(returned.value, 0)) over (
            partition by months.cohort_kind, months.cohort_month
            order by months.months_since
            rows between unbounded preceding and current row
        ) as cumulative_value,
        -- The month of the reference date is not over.
        months.months_since < months.months_begun as is_complete
    from months
    -- Most months of a small cohort are empty.
    left join returned
        on
            months.cohort_kind = returned.cohort_kind
            and months.cohort_month = returned.cohort_month
            and months.months_since = returned.months_since
),

rated as (
    select
        cohort_kind,
        cohort_month,
        months_since,
        members,
        active,
        case when is_complete then round({{ percent('active', 'members') }}, 2) end as retention_rate,
        cast(value as decimal(18, 2)) as value,
        cast(cumulative_value as decimal(18, 2)) as cumulative_value,
        round({{ share('cumulative_value', 'members') }}, 2) as value_per_member,
        is_complete,
        '{{ invocation_id }}' as build_id
    from accumulated
)

select * from rated
order by cohort_kind, cohort_month, months_since
