-- Every voter of the file by its full id, and an unknown id: each membership comes back once, with a reason.
with members as (
    select * from {{ ref('segment_members') }}
),

voters as (
    select * from {{ ref('key_voters') }}
),

answered as (
    select *
    from {{ ref('segment_membership') }}((
        select list({{ voter_text('voters.state', 'voters.svid') }}) || ['no such voter']
        from {{ ref('key_voters') }} as voters
    ))
),

expected as (
    select
        {{ voter_text('voters.state', 'voters.svid') }} as requested_svid,
        members.segment,
        members.entered_on,
        members.segment is not null as has_reason
    from voters
    left join members
        on voters.voter_number = members.voter_number
    union all
    select
        'no such voter' as requested_svid,
        null as segment,
        null as entered_on,
        false as has_reason
),

compared as (
    select
        requested_svid,
        segment,
        entered_on,
        coalesce(why <> '', false) as has_reason
    from answered
),

missing as (
    select * from expected
    except all
    select * from compared
),

unexpected as (
    select * from compared
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
