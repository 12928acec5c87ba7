-- For all voters the function returns the mart: each address once, and the same prior.
with segment_rows as (
    select
        client_shortname,
        unique_contacts,
        total_events,
        sends,
        opens,
        clicks,
        bounces,
        unsubs,
        delivered,
        unique_delivered,
        unique_opens,
        unique_clicks,
        answers,
        machine_answers,
        unique_open_rate,
        unique_click_rate,
        machine_share,
        open_rate,
        click_to_open_rate,
        click_rate,
        unsub_rate,
        affinity_score,
        affinity_score_adjusted,
        affinity_rank,
        population_basis
    from {{ ref('segment_affinity') }}((
        select list({{ voter_text('voters.state', 'voters.svid') }}) from {{ ref('lnk_voter') }} as voters
    ))
),

mart_rows as (
    select
        client_shortname,
        unique_contacts,
        total_events,
        sends,
        opens,
        clicks,
        bounces,
        unsubs,
        delivered,
        unique_delivered,
        unique_opens,
        unique_clicks,
        answers,
        machine_answers,
        unique_open_rate,
        unique_click_rate,
        machine_share,
        open_rate,
        click_to_open_rate,
        click_rate,
        unsub_rate,
        affinity_score,
        affinity_score_adjusted,
        affinity_rank,
        population_basis
    from {{ ref('client_affinity') }}
),

missing as (
    select * from mart_rows
    except all
    select * from segment_rows
),

unexpected as (
    select * from segment_rows
    except all
    select * from mart_rows
)

select
    'missing' as difference,
    *
from missing
union all
select
    'unexpected' as difference,
    *
from unexpected
