with campaigns as (
    select * from {{ ref('agg_engagement_by_campaign') }}
),

rated as (
    select
        campaign_id,
        campaign_name,
        client_shortname,
        channel,
        start_date,
        unique_contacts,
        total_events,
        sends,
        opens,
        clicks,
        bounces,
        complaints,
        unsubs,
        {{ delivered('sends', 'bounces') }} as delivered,
        unique_delivered,
        unique_opens,
        unique_clicks,
        {{ unique_open_rate('unique_opens', 'unique_delivered') }} as unique_open_rate,
        {{ unique_click_rate('unique_clicks', 'unique_delivered') }} as unique_click_rate,
        answers,
        machine_answers,
        {{ machine_share('machine_answers', 'answers') }} as machine_share,
        '{{ invocation_id }}' as build_id
    from campaigns
)

select * from rated
