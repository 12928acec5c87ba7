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
        sum(successes) as successes,
        sum(trials * trials) as squared_trials,
        sum(successes) / sum(trials) as mean
    from stacked
    group by rate
),

-- The between-client sum of squares, weighted by sends.
dispersed as (
    select
        stacked.rate,
        sum(
            stacked.trials
            * (stacked.successes / stacked.trials - pooled.mean)
            * (stacked.successes / stacked.trials - pooled.mean)
        ) as sum_of_squares
    from stacked
    inner join pooled
        on stacked.rate = pooled.rate
    group by stacked.rate
),

fitted as (
    select
        pooled.rate,
        pooled.clients,
        cast(pooled.trials as bigint) as sends,
        pooled.mean,
        {{ intra_class_correlation(
            'pooled.clients', 'pooled.trials', 'pooled.squared_trials', 'pooled.mean', 'dispersed.sum_of_squares'
        ) }} as rho,
        '{{ invocation_id }}' as build_id
    from pooled
    inner join dispersed
        on pooled.rate = dispersed.rate
)

select * from fitted
