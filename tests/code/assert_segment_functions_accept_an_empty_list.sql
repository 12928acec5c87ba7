-- An empty list gives an answer: no people, no clients, one summary of zeros, the population's weeks and
-- values, and one row per model without gifts.
with counted as (
    select
        'segment_profile' as function_name,
        count(*) as answers,
        0 as expected
    from {{ ref('segment_profile') }}(cast([] as varchar[]))
    union all
    select
        'segment_summary' as function_name,
        count(case when requested = 0 and donation_count = 0 and coverage_rate is null then 1 end) as answers,
        1 as expected
    from {{ ref('segment_summary') }}(cast([] as varchar[]))
    union all
    select
        'segment_deviation' as function_name,
        count(case when segment_share is null and not is_flagged then 1 end) as answers,
        (select count(*) from {{ ref('attribute_baseline') }}) as expected
    from {{ ref('segment_deviation') }}(cast([] as varchar[]))
    union all
    select
        'segment_affinity' as function_name,
        count(*) as answers,
        0 as expected
    from {{ ref('segment_affinity') }}(cast([] as varchar[]))
    union all
    select
        'segment_propensity' as function_name,
        count(*) as answers,
        0 as expected
    from {{ ref('segment_propensity') }}(cast([] as varchar[]))
    union all
    select
        'segment_health' as function_name,
        count(case when sends = 0 and open_rate is null then 1 end) as answers,
        (select count(*) from {{ ref('engagement_health_weekly') }}) as expected
    from {{ ref('segment_health') }}(cast([] as varchar[]))
    union all
    select
        'segment_lookalike' as function_name,
        count(*) as answers,
        0 as expected
    from {{ ref('segment_lookalike') }}(cast([] as varchar[]))
    union all
    select
        'segment_lookalike_check' as function_name,
        count(case when held_out = 0 and lift is null and verdict = 'insufficient_data' then 1 end) as answers,
        (
            select count(*)
            from {{ ref('rules') }}
            where subject = 'evaluation_shares'
        ) as expected
    from {{ ref('segment_lookalike_check') }}(cast([] as varchar[]))
    union all
    select
        'segment_attribution' as function_name,
        count(case when donations_credited = 0 and campaign_id is null then 1 end) as answers,
        (select count(*) from {{ ref('attribution_models') }}) as expected
    from {{ ref('segment_attribution') }}(cast([] as varchar[]))
    union all
    select
        'segment_contacts' as function_name,
        count(*) as answers,
        0 as expected
    from {{ ref('segment_contacts') }}(cast([] as varchar[]))
    union all
    select
        'segment_scores' as function_name,
        count(*) as answers,
        0 as expected
    from {{ ref('segment_scores') }}(cast([] as varchar[]))
    union all
    select
        'segment_lifecycle' as function_name,
        count(*) as answers,
        0 as expected
    from {{ ref('segment_lifecycle') }}(cast([] as varchar[]))
    union all
    select
        'segment_timing' as function_name,
        count(*) as answers,
        0 as expected
    from {{ ref('segment_timing') }}(cast([] as varchar[]))
    union all
    select
        'segment_channels' as function_name,
        count(*) as answers,
        0 as expected
    from {{ ref('segment_channels') }}(cast([] as varchar[]))
    union all
    -- An empty list hides only values that few people of the whole file have; in a file of few people, everything.
    select
        'segment_forms' as function_name,
        count(case when requested = 0 and known_ids = 0 then 1 end) as answers,
        6 as expected
    from {{ ref('segment_forms') }}(cast([] as varchar[]))
    union all
    select
        'segment_hidden' as function_name,
        count(*) as answers,
        0 as expected
    from {{ ref('segment_hidden') }}(cast([] as varchar[]))
    -- The figures of nobody are too small to be shown; nothing else is a reason to hide any.
    where
        function_name <> 'segment_deviation'
        and reason_hidden <> 'segment_too_small'
)

select *
from counted
where answers <> expected
