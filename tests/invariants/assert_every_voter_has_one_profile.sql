-- lnk_voter, enriched_profiles and donor_propensity hold the same voters, each once (F01).
with counted as (
    select
        state,
        svid,
        sum(case when relation_name = 'lnk_voter' then 1 else 0 end) as voters,
        sum(case when relation_name = 'enriched_profiles' then 1 else 0 end) as profiles,
        sum(case when relation_name = 'donor_propensity' then 1 else 0 end) as scores
    from (
        select
            'lnk_voter' as relation_name,
            state,
            svid
        from {{ ref('lnk_voter') }}
        union all
        select
            'enriched_profiles' as relation_name,
            state,
            svid
        from {{ ref('enriched_profiles') }}
        union all
        select
            'donor_propensity' as relation_name,
            state,
            svid
        from {{ ref('donor_propensity') }}
    ) as united
    group by state, svid
)

select *
from counted
where
    voters <> 1
    or profiles <> 1
    or scores <> 1
