with address_clients as (
    select * from {{ ref('agg_engagement_by_address_client') }}
),

voter_addresses as (
    select * from {{ ref('key_voter_addresses') }}
),

voters as (
    select * from {{ ref('key_voters') }}
),

client_affinity as (
    select * from {{ ref('client_affinity') }}
),

-- An address with several voters counts in full for each of them (F05).
summed_by_voter as (
    select
        voters.state,
        voters.svid,
        address_clients.client_shortname,
        count(*) as unique_contacts,
        cast(sum(address_clients.total_events) as bigint) as total_events,
        cast(sum(address_clients.sends) as bigint) as sends,
        cast(sum(address_clients.opens) as bigint) as opens,
        cast(sum(address_clients.clicks) as bigint) as clicks,
        cast(sum(address_clients.bounces) as bigint) as bounces,
        cast(sum(address_clients.unsubs) as bigint) as unsubs,
        cast(sum(address_clients.unique_delivered) as bigint) as unique_delivered,
        cast(sum(address_clients.unique_opens) as bigint) as unique_opens,
        cast(sum(address_clients.unique_clicks) as bigint) as unique_clicks,
        cast(sum(address_clients.answers) as bigint) as answers,
        cast(sum(address_clients.machine_answers) as bigint) as machine_answers,
        cast(sum(address_clients.engagements) as bigint) as engagements,
        max(case when address_clients.has_opted_out then 1 else 0 end) = 1 as has_opted_out
    from voter_addresses
    inner join address_clients
        on voter_addresses.address_number = address_clients.address_number
    inner join voters
        on voter_addresses.voter_number = voters.voter_number
    group by voters.state, voters.svid, address_clients.client_shortname
),

scored as (
    select
        summed_by_voter.*,
        {{ affinity_score(
            'summed_by_voter.clicks', 'summed_by_voter.opens', 'summed_by_voter.unsubs', 'summed_by_voter.sends'
        ) }} as affinity_score,
        {{ adjusted_affinity_score('summed_by_voter') }} as affinity_score_adjusted
    from summed_by_voter
    cross join {{ affinity_weights() }} as weights
    -- Data without a single send has no prior: nothing is adjusted.
    left join {{ affinity_priors() }} as priors
        on true
),

-- Popular clients score high with everybody; the lift asks whether this person stands out (F22).
compared as (
    select
        scored.*,
        case
            when client_affinity.affinity_score_adjusted > 0
                then scored.affinity_score_adjusted / client_affinity.affinity_score_adjusted
        end as affinity_lift
    from scored
    inner join client_affinity
        on scored.client_shortname = client_affinity.client_shortname
),

recommended as (
    select
        state,
        svid,
        client_shortname,
        unique_contacts,
        total_events,
        sends,
        opens,
        clicks,
        bounces,
        unsubs,
        engagements,
        {{ delivered('sends', 'bounces') }} as delivered,
        unique_delivered,
        unique_opens,
        unique_clicks,
        {{ unique_open_rate('unique_opens', 'unique_delivered') }} as unique_open_rate,
        {{ unique_click_rate('unique_clicks', 'unique_delivered') }} as unique_click_rate,
        answers,
        machine_answers,
        {{ machine_share('machine_answers', 'answers') }} as machine_share,
        affinity_score,
        affinity_score_adjusted,
        affinity_lift,
        case
            when has_opted_out then 'stop'
            when
                affinity_lift is null
                or sends < {{ rule_value('affinity_recommendation_rules', 'min_sends') }}
                then 'not_enough_data'
            when affinity_lift >= {{ rule_value('affinity_recommendation_rules', 'prefer_lift') }} then 'prefer'
            when affinity_lift <= {{ rule_value('affinity_recommendation_rules', 'reduce_lift') }} then 'reduce'
            else 'neutral'
        end as recommendation,
        '{{ invocation_id }}' as build_id
    from compared
)

select * from recommended
