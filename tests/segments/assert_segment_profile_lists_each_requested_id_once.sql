-- Every voter of the file by its full id, twice, with an unknown id and a blank: each id comes back once, with
-- the values of the mart.
with profiles as (
    select * from {{ ref('enriched_profiles') }}
),

answered as (
    select *
    from {{ ref('segment_profile') }}((
        select
            list({{ voter_text('profiles.state', 'profiles.svid') }})
            || list(' ' || lower(profiles.state) || ':' || profiles.svid)
            || list({{ voter_text('profiles.state', 'profiles.svid') }})
            || ['no such voter', ' ', null]
        from {{ ref('enriched_profiles') }} as profiles
    ))
),

expected as (
    select
        {{ voter_text('state', 'svid') }} as requested_svid,
        state,
        svid,
        person_id,
        link_status,
        total_clicks,
        donation_count,
        last_engagement_date
    from profiles
    union all
    select
        lower(state) || ':' || svid as requested_svid,
        state,
        svid,
        person_id,
        link_status,
        total_clicks,
        donation_count,
        last_engagement_date
    from profiles
    union all
    select
        'no such voter' as requested_svid,
        null as state,
        null as svid,
        null as person_id,
        'unknown' as link_status,
        null as total_clicks,
        null as donation_count,
        null as last_engagement_date
),

answered_columns as (
    select
        requested_svid,
        state,
        svid,
        person_id,
        link_status,
        total_clicks,
        donation_count,
        last_engagement_date
    from answered
),

missing as (
    select * from expected
    except all
    select * from answered_columns
),

unexpected as (
    select * from answered_columns
    except all
    select * from expected
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
