{#-
    Touches as credits, one row per touch and attribution model that credits it. `touches` has the
    columns of attribution_touches; `gift_key` is the column that identifies a gift. A touch with a
    credit of 0 has no row.
-#}
{% macro credited_touches(touches, gift_key='donation_id') -%}
    select *
    from (
        select
            touches.{{ gift_key }},
            touches.campaign_id,
            models.model,
            touches.first_click_at,
            touches.last_click_at,
            touches.days_to_donation,
            case models.model
                when 'any_touch' then 1
                when 'first_touch' then touches.first_touch_credit
                when 'last_touch' then touches.last_touch_credit
                when 'linear' then touches.linear_credit
                when 'position_based' then touches.position_based_credit
                when 'time_decay' then touches.time_decay_credit
            end as credit
        from {{ touches }} as touches
        cross join {{ ref('attribution_models') }} as models
    ) as split
    where credit > 0
{%- endmacro %}

{#-
    Credits summed by campaign and model (000-34, F47, F49): the same SQL for the whole population
    (campaign_attribution) and for a segment (segment_attribution).

    gift_key: the column that identifies a gift;
    credits: the gift key, campaign_id, model, contact_id, days_to_donation, credit, one row per credit;
    a gift without a row is unattributed;
    gifts: the gift key and contact_id, one row per gift of the population or segment;
    clickers: campaign_id and unique_clickers, one row per clicked campaign.
-#}
{% macro attributed_campaigns(credits, gifts, clickers, gift_key='donation_id') -%}
    {{ credits_by_campaign(credits, clickers) }}
    union all
    {{ unattributed_gifts(credits, gifts, gift_key) }}
{%- endmacro %}

{#- One row per campaign and model; a campaign without a credited gift keeps its rows, with zeros. -#}
{% macro credits_by_campaign(credits, clickers) -%}
    select
        campaign_models.campaign_id,
        campaign_models.model,
        campaigns.client_shortname,
        campaigns.campaign_name,
        coalesce(credited.donors_attributed, 0) as donors_attributed,
        coalesce(credited.donations_credited, 0) as donations_credited,
        credited.avg_days_to_donate,
        credited.min_days,
        credited.max_days,
        coalesce(campaign_models.unique_clickers, 0) as unique_clickers,
        round({{ percent('coalesce(credited.donors_attributed, 0)', 'campaign_models.unique_clickers') }}, 2)
            as donors_per_100_clickers,
        {{ days_between('campaigns.last_click_at', as_of_date()) }} > {{ var('attribution_window_days') | int }} as is_mature
    from (
        select
            coalesce(clicked.campaign_id, credit_campaigns.campaign_id) as campaign_id,
            clicked.unique_clickers,
            models.model
        from {{ clickers }} as clicked
        -- A gift may be credited to a click of somebody outside the segment on a shared address.
        full outer join (select distinct campaign_id from {{ credits }}) as credit_campaigns
            on clicked.campaign_id = credit_campaigns.campaign_id
        cross join {{ ref('attribution_models') }} as models
    ) as campaign_models
    left join (
        select
            campaign_id,
            model,
            count(distinct contact_id) as donors_attributed,
            {{ exact_sum('credit', 15) }} as donations_credited,
            avg(cast(days_to_donation as double)) as avg_days_to_donate,
            min(days_to_donation) as min_days,
            max(days_to_donation) as max_days
        from {{ credits }}
        group by campaign_id, model
    ) as credited
        on
            campaign_models.campaign_id = credited.campaign_id
            and campaign_models.model = credited.model
    left join {{ ref('agg_clicks_by_campaign') }} as campaigns
        on campaign_models.campaign_id = campaigns.campaign_id
{%- endmacro %}

{#- One row per model, without a campaign: the gifts that no campaign gets. -#}
{% macro unattributed_gifts(credits, gifts, gift_key) -%}
    select
        cast(null as varchar) as campaign_id,
        models.model,
        cast(null as varchar) as client_shortname,
        cast(null as varchar) as campaign_name,
        unattributed.donors_attributed,
        unattributed.donations_credited,
        cast(null as double) as avg_days_to_donate,
        cast(null as bigint) as min_days,
        cast(null as bigint) as max_days,
        cast(null as bigint) as unique_clickers,
        cast(null as double) as donors_per_100_clickers,
        cast(null as boolean) as is_mature
    from (
        select
            count(distinct gifts.contact_id) as donors_attributed,
            cast(count(*) as double) as donations_credited
        from {{ gifts }} as gifts
        where not exists (
            select 1
            from {{ credits }} as credits
            where credits.{{ gift_key }} = gifts.{{ gift_key }}
        )
    ) as unattributed
    cross join {{ ref('attribution_models') }} as models
{%- endmacro %}
