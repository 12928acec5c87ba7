{{ config(parameters=['svids']) }}

with enriched_profiles as (
    select * from {{ ref('enriched_profiles') }}
),

send_times as (
    select * from {{ ref('send_times') }}
),

requested as (
    {{ requested_voters() }}
),

-- Each requested id once, known or unknown (F03).
answered as (
    select
        requested.requested_svid,
        enriched_profiles.state,
        enriched_profiles.svid,
        enriched_profiles.person_id,
        coalesce(enriched_profiles.link_status, requested.request_status) as link_status,
        send_times.optimal_send_hour,
        send_times.hour_sends,
        send_times.hour_clicks,
        send_times.hour_rate,
        send_times.hour_level,
        send_times.hour_personal_verdict,
        send_times.optimal_send_day,
        send_times.day_sends,
        send_times.day_clicks,
        send_times.day_rate,
        send_times.day_level,
        send_times.day_personal_verdict,
        send_times.time_zone_source
    from requested
    -- Unknown and ambiguous ids are in no mart.
    left join enriched_profiles
        on requested.voter_number = enriched_profiles.voter_number
    left join send_times
        on requested.voter_number = send_times.voter_number
)

select * from answered
order by requested_svid
