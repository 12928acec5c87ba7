-- For all voters the function returns the mart: the same weeks, each address once.
with segment_rows as (
    select
        week_start,
        is_complete_week,
        active_contacts,
        sends,
        opens,
        clicks,
        bounces,
        complaints,
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
        open_rate_status,
        open_rate_is_certain,
        click_to_open_rate,
        click_to_open_rate_status,
        click_to_open_rate_is_certain,
        click_rate,
        click_rate_status,
        click_rate_is_certain,
        bounce_rate,
        bounce_rate_status,
        bounce_rate_is_certain,
        unsub_rate,
        unsub_rate_status,
        unsub_rate_is_certain,
        complaint_rate,
        complaint_rate_status,
        complaint_rate_is_certain,
        population_basis
    from {{ ref('segment_health') }}((
        select list({{ voter_text('voters.state', 'voters.svid') }}) from {{ ref('lnk_voter') }} as voters
    ))
),

mart_rows as (
    select
        week_start,
        is_complete_week,
        active_contacts,
        sends,
        opens,
        clicks,
        bounces,
        complaints,
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
        open_rate_status,
        open_rate_is_certain,
        click_to_open_rate,
        click_to_open_rate_status,
        click_to_open_rate_is_certain,
        click_rate,
        click_rate_status,
        click_rate_is_certain,
        bounce_rate,
        bounce_rate_status,
        bounce_rate_is_certain,
        unsub_rate,
        unsub_rate_status,
        unsub_rate_is_certain,
        complaint_rate,
        complaint_rate_status,
        complaint_rate_is_certain,
        population_basis
    from {{ ref('engagement_health_weekly') }}
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
