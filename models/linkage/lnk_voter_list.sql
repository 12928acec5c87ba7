with lists as (
    select * from {{ ref('base_lists__segment_lists') }}
),

voters as (
    select * from {{ ref('lnk_voter') }}
),

accepted as (
    select
        list_name,
        svid_state,
        svid,
        count(*) as delivered_rows
    from lists
    where
        rejection_reason is null
        and not {{ is_future('added_at') }}
    group by list_name, svid_state, svid
),

-- A voter id without a state that several states have means nobody.
matched as (
    select
        accepted.list_name,
        accepted.svid_state,
        accepted.svid,
        accepted.delivered_rows,
        min(voters.state) as state
    from accepted
    inner join voters
        on
            accepted.svid = voters.svid
            and voters.state = coalesce(accepted.svid_state, voters.state)
    group by accepted.list_name, accepted.svid_state, accepted.svid, accepted.delivered_rows
    having count(*) = 1
),

grouped as (
    select
        list_name,
        state,
        svid,
        cast(sum(delivered_rows) as bigint) as delivered_rows
    from matched
    group by list_name, state, svid
)

select * from grouped
