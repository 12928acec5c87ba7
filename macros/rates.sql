{#- The only place where rates are divided (docs/definitions.md, "Rates"; 000-19 to 000-21, 000-28; F18, F19). -#}

{#- Percent, unrounded: statuses compare it. NULL if the denominator is 0. -#}
{% macro percent(numerator, denominator) -%}
    cast({{ numerator }} as double) * 100 / nullif(cast({{ denominator }} as double), 0)
{%- endmacro %}

{#- Opens per 100 sends, 2 places (000-19). -#}
{% macro open_rate(opens, sends) -%}
    round({{ percent(opens, sends) }}, 2)
{%- endmacro %}

{#- Clicks per 100 opens, 2 places; the brief calls it click-through rate (000-20, F18). -#}
{% macro click_to_open_rate(clicks, opens) -%}
    round({{ percent(clicks, opens) }}, 2)
{%- endmacro %}

{#- Clicks per 100 sends, 2 places: the field's click-through rate (F32). -#}
{% macro click_rate(clicks, sends) -%}
    round({{ percent(clicks, sends) }}, 2)
{%- endmacro %}

{#- Bounces per 100 sends, 2 places (000-28). -#}
{% macro bounce_rate(bounces, sends) -%}
    round({{ percent(bounces, sends) }}, 2)
{%- endmacro %}

{#- Unsubscribes per 100 sends, 4 places (000-21). -#}
{% macro unsub_rate(unsubs, sends) -%}
    round({{ percent(unsubs, sends) }}, 4)
{%- endmacro %}

{#- Spam complaints per 100 sends, 4 places (000-28). -#}
{% macro complaint_rate(complaints, sends) -%}
    round({{ percent(complaints, sends) }}, 4)
{%- endmacro %}

{#- Messages that arrived, as far as is known: sends less bounces, never below 0. -#}
{% macro delivered(sends, bounces) -%}
    cast(greatest({{ sends }} - {{ bounces }}, 0) as bigint)
{%- endmacro %}

{#-
    Counts of mailings, over a relation with a row per mailing: one campaign to one address. Events without a campaign
    are of no mailing. An answer proves delivery, so opened and clicked mailings are among the delivered ones.
-#}
{% macro delivered_mailings() -%}
    count(case when campaign_id is not null and (sends > bounces or engagements > 0) then 1 end)
{%- endmacro %}

{#- A click opens a message, whether or not its images were loaded. -#}
{% macro opened_mailings() -%}
    count(case when campaign_id is not null and engagements > 0 then 1 end)
{%- endmacro %}

{% macro clicked_mailings() -%}
    count(case when campaign_id is not null and clicks > 0 then 1 end)
{%- endmacro %}

{#- Opened mailings per 100 delivered ones, 2 places. -#}
{% macro unique_open_rate(unique_opens, unique_delivered) -%}
    round({{ percent(unique_opens, unique_delivered) }}, 2)
{%- endmacro %}

{#- Clicked mailings per 100 delivered ones, 2 places. -#}
{% macro unique_click_rate(unique_clicks, unique_delivered) -%}
    round({{ percent(unique_clicks, unique_delivered) }}, 2)
{%- endmacro %}

{#- The part of the answers that machines caused, 0-1, 4 places. NULL without an answer. -#}
{% macro machine_share(machine_answers, answers) -%}
    round({{ share(machine_answers, answers) }}, 4)
{%- endmacro %}

{#- A part of a whole, 0-1, unrounded. NULL if the whole is 0. -#}
{% macro share(part, whole) -%}
    cast({{ part }} as double) / nullif(cast({{ whole }} as double), 0)
{%- endmacro %}

{#- Answers per 100 exposures of a channel, 2 places, 100 at most (000-53). -#}
{% macro response_rate(responses, exposures) -%}
    round({{ percent('least(' ~ responses ~ ', ' ~ exposures ~ ')', exposures) }}, 2)
{%- endmacro %}
