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
asked as (
    select
        *,
        least(trials, {{ rule_value('affinity_prior_rules', 'full_weight_sends') }}) as weight
    from stacked
    where trials >= {{ rule_value('affinity_prior_rules', 'min_sends') }}
),

placed as (
    select
        *,
        sum(weight) over (partition by rate) as all_weight,
        sum(weight) over (
            partition by rate
            order by successes / trials, client_shortname
            rows between unbounded preceding and current row
        ) as weight_so_far
    from asked
),

-- The centre of the first guess: the mean without the highest and the lowest rates.
trimmed as (
    select
        rate,
        sum(successes) / sum(trials) as mean
    from placed
    where
        100 * weight_so_far > {{ rule_value('affinity_prior_rules', 'trimmed_percent') }} * all_weight
        and 100 * (weight_so_far - weight)
        < (100 - {{ rule_value('affinity_prior_rules', 'trimmed_percent') }}) * all_weight
    group by rate
),

measured as (
    select
        asked.*,
        coalesce({{ z_squared('asked.successes', 'asked.trials', 'trimmed.mean') }}, 0) as z_squared
    from asked
    inner join trimmed
        on asked.rate = trimmed.rate
),

correlated as (
    select
        *,
        {{ group_correlation('z_squared', 'trials') }} as correlation
    from measured
),

ordered as (
    select
        *,
        sum(weight) over (partition by rate) as all_weight,
        sum(weight) over (
            partition by rate
            order by correlation, client_shortname
            rows between unbounded preceding and current row
        ) as weight_so_far
    from correlated
),

-- The first guess is a weighted median: half of the weight is at or below it. A few extreme clients cannot move it.
guessed as (
    select
        rate,
        greatest(0, least(1, min(case when 2 * weight_so_far >= all_weight then correlation end))) as correlation
    from ordered
    group by rate
),

-- The clients that are no outliers by the first guess. They set the prior.
fitting as (
    select measured.*
    from measured
    inner join guessed
        on measured.rate = guessed.rate
    where
        measured.z_squared <= {{ rule_value('affinity_prior_rules', 'most_deviations') }}
        * {{ rule_value('affinity_prior_rules', 'most_deviations') }}
        * (1 + (measured.trials - 1) * coalesce(guessed.correlation, 0))
),

fitted_pooled as (
    select
        rate,
        count(*) as clients,
        sum(trials) as trials,
        sum(trials * trials) as squared_trials,
        sum(successes) / sum(trials) as mean
    from fitting
    group by rate
),

-- The between-client sum of squares, weighted by sends.
dispersed as (
    select
        fitting.rate,
        {{ exact_sum(
            'fitting.trials * (fitting.successes / fitting.trials - fitted_pooled.mean)'
            ~ ' * (fitting.successes / fitting.trials - fitted_pooled.mean)', 12, 38
        ) }} as sum_of_squares
    from fitting
    inner join fitted_pooled
        on fitting.rate = fitted_pooled.rate
    group by fitting.rate
),

fitted as (
    select
        pooled.rate,
        pooled.clients,
        coalesce(fitted_pooled.clients, 0) as fitted_clients,
        cast(pooled.trials as bigint) as sends,
        pooled.mean,
        coalesce({{ intra_class_correlation(
            'fitted_pooled.clients', 'fitted_pooled.trials', 'fitted_pooled.squared_trials', 'fitted_pooled.mean',
            'dispersed.sum_of_squares'
        ) }}, 0) as rho,
        '{{ invocation_id }}' as build_id
    from pooled
    -- Without a client of enough sends, and where nothing varies, nothing is fitted.
    left join fitted_pooled
        on pooled.rate = fitted_pooled.rate
    left join dispersed
        on pooled.rate = dispersed.rate
)

select * from fitted
