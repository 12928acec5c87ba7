with address_clients as (
    select * from {{ ref('agg_engagement_by_address_client') }}
),

rated as (
    {{ rated_clients('address_clients') }}
),

ranked as (
    {{ ranked_clients('rated') }}
),

published as (
    select
        client_shortname,
        unique_contacts,
        total_events,
        sends,
        opens,
        clicks,
        bounces,
        unsubs,
        delivered,
        unique_delivered,
        unique_opens,
        unique_clicks,
        answers,
        machine_answers,
        open_rate,
        click_to_open_rate,
        click_rate,
        unsub_rate,
        unique_open_rate,
        unique_click_rate,
        machine_share,
        affinity_score,
        affinity_score_adjusted,
        affinity_rank,
        population_basis,
        '{{ invocation_id }}' as build_id
    from ranked
)

select * from published
