with voter_clients as (
    select * from {{ ref('agg_engagement_by_voter_client') }}
),

client_affinity as (
    select * from {{ ref('client_affinity') }}
),

scored as (
    select
        voter_clients.state,
        voter_clients.svid,
        voter_clients.client_shortname,
        voter_clients.unique_contacts,
        voter_clients.total_events,
        voter_clients.sends,
        voter_clients.opens,
        voter_clients.clicks,
        voter_clients.unsubs,
        voter_clients.engagements,
        voter_clients.has_opted_out,
        {{ affinity_score(
            'voter_clients.clicks', 'voter_clients.opens', 'voter_clients.unsubs', 'voter_clients.sends'
        ) }} as affinity_score,
        {{ adjusted_affinity_score('voter_clients') }} as affinity_score_adjusted
    from voter_clients
    cross join {{ affinity_weights() }} as weights
    -- Without a single send in the data there is no prior, and nothing is adjusted.
    left join {{ affinity_priors() }} as priors
        on true
),

-- Popular clients score high with everybody; the lift asks whether this person stands out (F22).
compared as (
    select
        scored.state,
        scored.svid,
        scored.client_shortname,
        scored.unique_contacts,
        scored.total_events,
        scored.sends,
        scored.opens,
        scored.clicks,
        scored.unsubs,
        scored.engagements,
        scored.has_opted_out,
        scored.affinity_score,
        scored.affinity_score_adjusted,
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
                or sends < {{ seed_number('affinity_recommendation_rules', 'rule', 'min_sends', 'threshold') }}
                then 'not_enough_data'
            when
                affinity_lift >= {{ seed_number('affinity_recommendation_rules', 'rule', 'prefer_lift', 'threshold') }}
                then 'prefer'
            when
                affinity_lift <= {{ seed_number('affinity_recommendation_rules', 'rule', 'reduce_lift', 'threshold') }}
                then 'reduce'
            else 'neutral'
        end as recommendation,
        '{{ invocation_id }}' as build_id
    from compared
)

select * from recommended
