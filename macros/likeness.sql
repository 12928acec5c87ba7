{#- Likeness as a contrast (docs/definitions.md, "Lookalike"): the CTEs that segment_lookalike and its check share. -#}

{#- ln(1 + x) of a count or a number of days. -#}
{% macro log_of(x) -%}
    ln(1 + cast({{ x }} as double))
{%- endmacro %}

{#-
    How much commoner a client is among seeds than among everybody, as a log ratio. The prior adds average people, so that
    a few seeds do not count for more than they show.
-#}
{% macro log_ratio_of_clients(people, population_share, all_people, prior) -%}
    ln(({{ people }} / {{ population_share }} + {{ prior }}) / ({{ all_people }} + {{ prior }}))
{%- endmacro %}

{#- In deviations from everybody's mean. A feature that is the same for all others is left out. -#}
{% macro standardized_feature(feature, relation, statistics) -%}
    case
        when {{ statistics }}.varies_{{ feature }}
            then ({{ relation }}.{{ feature }} - {{ statistics }}.mean_{{ feature }}) / {{ statistics }}.deviation_{{ feature }}
        else 0
    end
{%- endmacro %}

{#-
    CTEs that fit what tells `seeds` (voter_number) from all other people with an engagement. `profiles` has the columns
    of lookalike_profiles, `traits` and `population` those of lookalike_traits and lookalike_population. The last CTE is
    `compared`, one row a person: similarity, and what each group of features adds to the log-odds. `counted_traits` has
    the weight of each client. The query begins with
    `with_recursion`.
-#}
{% macro likeness_steps(profiles, traits, population, seeds) -%}
    {#- What people are compared by, beside their clients: the feature and its formula. -#}
    {%- set formulas = {
        'log_engagements': log_of('profiles.engagements'),
        'log_days_since_last_engagement': log_of('profiles.days_since_last_engagement'),
        'log_days_since_first_engagement': log_of('profiles.days_since_first_engagement'),
        'click_share': 'least(coalesce(profiles.click_rate, 0), 100) / 100',
        'log_gifts': log_of('profiles.past_donations'),
        'log_days_since_last_gift': log_of('coalesce(profiles.days_since_last_donation, 0)'),
        'log_days_since_first_gift': log_of('coalesce(profiles.days_since_first_donation, 0)'),
    } -%}
    {%- set features = ['client_mix'] + formulas.keys() | list -%}
    seed_traits as (
        select
            traits.trait_number,
            {{ exact_sum('traits.share', 15) }} as people
        from {{ traits }} as traits
        inner join {{ seeds }} as seeds
            on traits.voter_number = seeds.voter_number
        group by traits.trait_number
    ),

    seed_totals as (
        select
            coalesce({{ exact_sum('people', 12, 28) }}, 0) as all_people,
            {{ rule_value('lookalike_weights', 'prior_strength') }} as prior_strength
        from seed_traits
    ),

    counted_traits as (
        select
            population.trait_number,
            population.client_shortname,
            population.population_share,
            coalesce(seed_traits.people, 0) as people,
            seed_totals.all_people,
            seed_totals.prior_strength,
            {{ log_ratio_of_clients(
                'coalesce(seed_traits.people, 0)', 'population.population_share',
                'seed_totals.all_people', 'seed_totals.prior_strength'
            ) }} as weight
        from {{ population }} as population
        cross join seed_totals
        -- A client that no seed engages with counts against a candidate.
        left join seed_traits
            on population.trait_number = seed_traits.trait_number
    ),

    -- A seed is compared with the other seeds: its own engagements would make it more like the segment than it is.
    mixed as (
        select
            traits.voter_number,
            {{ exact_sum(
                'traits.share * case when seeds.voter_number is null then counted_traits.weight else '
                ~ log_ratio_of_clients(
                    'greatest(counted_traits.people - traits.share, 0)', 'counted_traits.population_share',
                    'greatest(counted_traits.all_people - 1, 0)', 'counted_traits.prior_strength'
                ) ~ ' end', 12
            ) }} as client_mix
        from {{ traits }} as traits
        inner join counted_traits
            on traits.trait_number = counted_traits.trait_number
        -- Most people are no seeds.
        left join {{ seeds }} as seeds
            on traits.voter_number = seeds.voter_number
        group by traits.voter_number
    ),

    featured as {{ materialized() }} (
        select
            profiles.voter_number,
            seeds.voter_number is not null as is_seed,
            coalesce(mixed.client_mix, 0) as client_mix,
            {% for feature, formula in formulas.items() %}
            {{ formula }} as {{ feature }}{{ ',' if not loop.last }}
            {% endfor %}
        from {{ profiles }} as profiles
        left join {{ seeds }} as seeds
            on profiles.voter_number = seeds.voter_number
        -- Engagements may have no client.
        left join mixed
            on profiles.voter_number = mixed.voter_number
    ),

    -- People with nearly the same features count as one cell.
    cells as {{ materialized() }} (
        select
            fit,
            {% for feature in features %}
            {{ feature }},
            {% endfor %}
            cast(count(*) as double) as people,
            cast(count(case when is_seed then 1 end) as double) as seeds
        from (
            select
                'segment' as fit,
                is_seed,
                {% for feature in features %}
                round({{ feature }} * {{ 20 if feature == 'click_share' else 4 }}) / {{ 20 if feature == 'click_share' else 4 }} as {{ feature }}{{ ',' if not loop.last }}
                {% endfor %}
            from featured
        ) as rounded
        group by
            fit,
            {% for feature in features %}
            {{ feature }}{{ ',' if not loop.last }}
            {% endfor %}
    ),

    scales as (
        {{ feature_scales('cells', features) }}
    ),

    classes as (
        select
            sum(seeds) as seeds,
            sum(people - seeds) as others,
            {% for feature in features %}
            max(case when people > seeds then {{ feature }} end)
            > min(case when people > seeds then {{ feature }} end) as varies_{{ feature }}{{ ',' if not loop.last }}
            {% endfor %}
        from cells
    ),

    -- Without a seed with an engagement, or without others, there is nothing to fit.
    class_statistics as (
        select
            *,
            least(1, {{ rule_value('lookalike_weights', 'fit_seeds') }} / seeds) as seed_weight
        from scales
        cross join classes
        where
            seeds > 0
            and others > 0
    ),

    -- Others weigh as much as seeds, however few the seeds are; and all no more than so many people, so that a feature
    -- that tells the two apart for certain leaves something for the other features to say.
    weighed_cells as {{ materialized() }} (
        select
            {% for feature in features %}
            {{ standardized_feature(feature, 'cells', 'class_statistics') }} as {{ feature }},
            {% endfor %}
            class_statistics.deviation_client_mix as prior_client_mix,
            cells.seeds * class_statistics.seed_weight as positives,
            class_statistics.seed_weight * (
                cells.seeds + (cells.people - cells.seeds) * class_statistics.seeds / class_statistics.others
            ) as people
        from cells
        cross join class_statistics
    ),

    {{ converging_newton_steps('weighed_cells', features, {'client_mix': 'prior_client_mix'}) }},

    fitted_statistics as (
        select *
        from fitted
        cross join class_statistics
    ),

    explained as (
        select
            featured.voter_number,
            featured.is_seed,
            coalesce(fitted_statistics.b0, 0) as logit_base,
            {% for feature in features %}
            coalesce(
                fitted_statistics.b{{ loop.index }} * {{ standardized_feature(feature, 'featured', 'fitted_statistics') }}, 0
            ) as logit_{{ feature }}{{ ',' if not loop.last }}
            {% endfor %}
        from featured
        -- Without a fit everybody is as likely.
        left join fitted_statistics
            on true
    ),

    -- The two classes weigh the same, so that the fitted probability is the similarity: 0.5 is as likely as anybody.
    compared as (
        select
            voter_number,
            is_seed,
            logit_client_mix as logit_clients,
            logit_log_engagements as logit_engagements,
            logit_log_days_since_last_engagement as logit_recency,
            logit_log_days_since_first_engagement as logit_tenure,
            logit_click_share as logit_click_rate,
            logit_log_gifts + logit_log_days_since_last_gift + logit_log_days_since_first_gift as logit_giving,
            logit_base
            {%- for feature in features %} + logit_{{ feature }}{% endfor %} as log_odds
        from explained
    )
{%- endmacro %}

{#- How common each client was among everybody, from traits that are not published with it. -#}
{% macro trait_population(traits) -%}
    select
        traits.trait_number,
        traits.client_shortname,
        {{ exact_sum('traits.share', 15) }} / max(counted.people) as population_share
    from {{ traits }} as traits
    cross join (select count(distinct voter_number) as people from {{ traits }}) as counted
    group by traits.trait_number, traits.client_shortname
{%- endmacro %}

{#- A hash of the id decides who is held out, so that the same people are always split in the same way. -#}
{% macro is_held_out(state, svid) -%}
    left(md5({{ voter_text(state, svid) }}), 1) < '8'
{%- endmacro %}
