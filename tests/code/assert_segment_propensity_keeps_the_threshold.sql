-- With a threshold above 0 only voters at or above it are listed, never an unknown id.
with answered as (
    select *
    from
        {{ ref('segment_propensity') }}(
            (
                select list({{ voter_text('voters.state', 'voters.svid') }}) || ['no such voter']
                from {{ ref('lnk_voter') }} as voters
            ),
            threshold := 0.5
        )
)

select *
from answered
where
    donor_propensity_score is null
    or donor_propensity_score < 0.5
