-- For all voters the best three clients are those that client_affinity ranks first.
with answered as (
    select
        client_shortname,
        affinity_rank
    from {{ ref('segment_affinity') }}((
        select list({{ voter_text('voters.state', 'voters.svid') }}) from {{ ref('lnk_voter') }} as voters
    ), top_n := 3)
),

expected as (
    select
        client_shortname,
        affinity_rank
    from {{ ref('client_affinity') }}
    where affinity_rank <= 3
)

select
    expected.affinity_rank as expected_rank,
    expected.client_shortname as expected_client,
    answered.affinity_rank as answered_rank,
    answered.client_shortname as answered_client
from expected
full outer join answered
    on
        expected.affinity_rank = answered.affinity_rank
        and expected.client_shortname = answered.client_shortname
where
    expected.client_shortname is null
    or answered.client_shortname is null
