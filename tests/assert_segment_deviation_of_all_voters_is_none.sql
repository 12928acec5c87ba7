-- The whole file does not differ from itself.
select *
from {{ ref('segment_deviation') }}((
    select list({{ voter_text('voters.state', 'voters.svid') }}) from {{ ref('lnk_voter') }} as voters
), deviation_threshold := 0.0)
where
    difference <> 0
    or p_value <> 1
    or is_flagged
