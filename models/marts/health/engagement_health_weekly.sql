with address_weeks as (
    select * from {{ ref('agg_engagement_by_address_week') }}
),

summed as (
    {{ summed_weeks('address_weeks') }}
),

graded as (
    {{ graded_weeks('summed') }}
),

published as (
    select
        week_start,
        is_complete_week,
        active_contacts,
        sends,
        opens,
        clicks,
        bounces,
        complaints,
        unsubs,
        delivered,
        unique_delivered,
        unique_opens,
        unique_clicks,
        answers,
        machine_answers,
        unique_open_rate,
        unique_click_rate,
        machine_share,
        open_rate,
        open_rate_status,
        open_rate_is_certain,
        click_to_open_rate,
        click_to_open_rate_status,
        click_to_open_rate_is_certain,
        click_rate,
        click_rate_status,
        click_rate_is_certain,
        bounce_rate,
        bounce_rate_status,
        bounce_rate_is_certain,
        unsub_rate,
        unsub_rate_status,
        unsub_rate_is_certain,
        complaint_rate,
        complaint_rate_status,
        complaint_rate_is_certain,
        population_basis,
        '{{ invocation_id }}' as build_id
    from graded
)

select * from published
