with address_clients as (
    select * from {{ ref('agg_engagement_by_address_client') }}
),

summed_by_client as (
    select
        client_shortname,
        sum(sends) as sends,
        sum(opens) as opens,
        sum(clicks) as clicks,
        sum(unsubs) as unsubs
    from address_clients
    group by client_shortname
    having sum(sends) > 0
),

-- One row per client and rate; successes are capped at sends.
stacked as (
    {% for rate, reactions in [('open', 'opens'), ('click', 'clicks'), ('unsub', 'unsubs')] %}
    select
        '{{ rate }}' as rate,
        client_shortname,
        cast(sends as double) as trials,
        cast(least({{ reactions }}, sends) as double) as successes
    from summed_by_client
    {% if not loop.last %}
    union all
    {% endif %}
    {% endfor %}
),

pooled as (
    select
        rate,
        count(*) as clients,
        sum(trials) as trials,
        sum(successes) / sum(trials) as mean
    from stacked
    group by rate
),

-- Clients of a handful of sends are left out: one reaction of theirs is a rate that no client has in the long run.
measured as (
    select
        stacked.rate,
        stacked.client_shortname,
        pooled.mean,
        {{ group_correlation('stacked.successes', 'stacked.trials', 'pooled.mean') }} as correlation,
        least(stacked.trials, {{ rule_value('affinity_prior_rules', 'full_weight_sends') }}) as weight
    from stacked
    inner join pooled
        on stacked.rate = pooled.rate
    where stacked.trials >= {{ rule_value('affinity_prior_rules', 'min_sends') }}
),

ordered as (
    select
        *,
        count(*) over (partition by rate) as fitted_clients,
        sum(weight) over (partition by rate) as all_weight,
        sum(weight) over (
            partition by rate
            order by correlation, client_shortname
            rows between unbounded preceding and current row
        ) as weight_so_far
    from measured
),

-- The weighted median: half of the weight is at or below it. A few extreme clients cannot move it.
middled as (
    select
        rate,
        max(fitted_clients) as fitted_clients,
        min(case when 2 * weight_so_far >= all_weight then correlation end) as correlation
    from ordered
    group by rate
),

fitted as (
    select
        pooled.rate,
        pooled.clients,
        coalesce(middled.fitted_clients, 0) as fitted_clients,
        cast(pooled.trials as bigint) as sends,
        pooled.mean,
        -- One client has nothing to be compared with.
        cast(case
            when middled.fitted_clients >= 2 then greatest(0, least(1, coalesce(middled.correlation, 0)))
            else 0
        end as double) as rho,
        '{{ invocation_id }}' as build_id
    from pooled
    left join middled
        on pooled.rate = middled.rate
)

select * from fitted
