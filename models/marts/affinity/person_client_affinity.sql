with voter_clients as (
    select * from {{ ref('agg_engagement_by_voter_client') }}
),

client_affinity as (
    select * from {{ ref('client_affinity') }}
),

scored as (
    select
        voter_clients.*,
        {{ affinity_score(
            'voter_clients.clicks', 'voter_clients.opens', 'voter_clients.unsubs', 'voter_clients.sends'
        ) }} as affinity_score,
        {{ adjusted_affinity_score('voter_clients') }} as affinity_score_adjusted
    from voter_clients
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
        unsubs,
        engagements,
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
