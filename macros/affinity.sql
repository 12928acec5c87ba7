{#-
    Client affinity of a set of addresses: the same SQL for the whole population (client_affinity)
    and for a segment (segment_affinity). `relation` has a row per address and client, each address
    once, with the columns of agg_engagement_by_address_client.
-#}
{% macro rated_clients(relation) -%}
    select
        counted.*,
        {{ open_rate('counted.opens', 'counted.sends') }} as open_rate,
        {{ click_to_open_rate('counted.clicks', 'counted.opens') }} as click_to_open_rate,
        {{ click_rate('counted.clicks', 'counted.sends') }} as click_rate,
        {{ unsub_rate('counted.unsubs', 'counted.sends') }} as unsub_rate,
        {{ unique_open_rate('counted.unique_opens', 'counted.unique_delivered') }} as unique_open_rate,
        {{ unique_click_rate('counted.unique_clicks', 'counted.unique_delivered') }} as unique_click_rate,
        {{ machine_share('counted.machine_answers', 'counted.answers') }} as machine_share,
        {{ affinity_score('counted.clicks', 'counted.opens', 'counted.unsubs', 'counted.sends') }} as affinity_score,
        {{ adjusted_affinity_score('counted') }} as affinity_score_adjusted
    from (
        select
            client_shortname,
            count(*) as unique_contacts,
            cast(sum(total_events) as bigint) as total_events,
            cast(sum(sends) as bigint) as sends,
            cast(sum(opens) as bigint) as opens,
            cast(sum(clicks) as bigint) as clicks,
            cast(sum(bounces) as bigint) as bounces,
            cast(sum(unsubs) as bigint) as unsubs,
            {{ delivered('sum(sends)', 'sum(bounces)') }} as delivered,
            cast(sum(unique_delivered) as bigint) as unique_delivered,
            cast(sum(unique_opens) as bigint) as unique_opens,
            cast(sum(unique_clicks) as bigint) as unique_clicks,
            cast(sum(answers) as bigint) as answers,
            cast(sum(machine_answers) as bigint) as machine_answers
        from {{ relation }}
        group by client_shortname
    ) as counted
    cross join {{ affinity_weights() }} as weights
    -- Data without a single send has no prior: nothing is adjusted.
    left join {{ affinity_priors() }} as priors
        on true
{%- endmacro %}

{#- Best first; clients without sends last, ties by name. -#}
{% macro ranked_clients(relation) -%}
    select
        *,
        row_number() over (order by affinity_score_adjusted desc nulls last, client_shortname) as affinity_rank,
        {{ population_basis() }} as population_basis
    from {{ relation }}
{%- endmacro %}

{#- The three priors side by side, one row; all NULL when no mail was sent. -#}
{% macro affinity_priors() -%}
    (
        select
            max(case when rates.rate = 'open' then rates.mean end) as open_mean,
            max(case when rates.rate = 'open' then rates.rho end) as open_rho,
            max(case when rates.rate = 'click' then rates.mean end) as click_mean,
            max(case when rates.rate = 'click' then rates.rho end) as click_rho,
            max(case when rates.rate = 'unsub' then rates.mean end) as unsub_mean,
            max(case when rates.rate = 'unsub' then rates.rho end) as unsub_rho
        from {{ ref('affinity_prior') }} as rates
    )
{%- endmacro %}

{#- The affinity score of shrunk rates (F20); needs the relations `priors` and `weights`. NULL without sends. -#}
{% macro adjusted_affinity_score(relation) -%}
    case
        when {{ relation }}.sends > 0
            then {{ affinity_score(
                shrunk_rate(relation ~ '.clicks', relation ~ '.sends', 'priors.click_mean', 'priors.click_rho'),
                shrunk_rate(relation ~ '.opens', relation ~ '.sends', 'priors.open_mean', 'priors.open_rho'),
                shrunk_rate(relation ~ '.unsubs', relation ~ '.sends', 'priors.unsub_mean', 'priors.unsub_rho'),
                '1'
            ) }}
    end
{%- endmacro %}

{#-
    The people whose reactions the rates describe (F14). An extract in which every address has clicked
    holds only clickers: its rates do not describe people who never clicked.
-#}
{% macro population_basis() -%}
    case
        when (select clock.has_address_without_click from {{ ref('key_clock') }} as clock)
            then 'all_recipients'
        else 'clickers_only'
    end
{%- endmacro %}
