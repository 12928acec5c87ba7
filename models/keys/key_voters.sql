with voters as (
    select * from {{ ref('lnk_voter') }}
),

numbered as (
    select
        row_number() over (order by state, svid) as voter_number,
        state,
        svid
    from voters
)

select * from numbered
