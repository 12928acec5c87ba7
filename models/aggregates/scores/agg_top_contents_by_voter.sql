with contents as (
    select * from {{ ref('agg_interactions_by_voter_content') }}
),

-- The topic, or without one the client (003-20). Opinions are left out: a view is not an interest (F69).
named as (
    select
        *,
        coalesce(topic, client_shortname) as content
    from contents
    where not is_opinion
),

summed_by_content as (
    select
        voter_number,
        content,
        sum(interactions) as interactions
    from named
    where content is not null
    group by voter_number, content
),

ranked as (
    select
        *,
        row_number() over (partition by voter_number order by interactions desc, content asc) as place
    from summed_by_content
),

laid_out as (
    select
        voter_number,
        max(case when place = 1 then content end) as top_content_1,
        max(case when place = 2 then content end) as top_content_2,
        max(case when place = 3 then content end) as top_content_3
    from ranked
    where place <= 3
    group by voter_number
)

select * from laid_out
