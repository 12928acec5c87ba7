-- The whole file does not differ from itself.
with answered as (
    select *
    from {{ ref('segment_deviation') }}((
        select list({{ voter_text('voters.state', 'voters.svid') }}) from {{ ref('lnk_voter') }} as voters
    ))
)

select *
from answered
where
    difference <> 0
    or p_value <> 1
    or is_flagged
