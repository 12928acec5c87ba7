-- The levels of a score cover it from 0 up, without a gap or an overlap (F60).
with levels as (
    select
        score,
        level,
        min_score,
        max_score,
        lag(max_score) over (partition by score order by min_score) as previous_max,
        row_number() over (partition by score order by min_score) as place,
        row_number() over (partition by score order by min_score desc) as place_from_above
    from {{ ref('score_levels') }}
)

select *
from levels
where
    (place = 1 and min_score <> 0)
    or (place > 1 and (previous_max is null or previous_max <> min_score))
    or (place_from_above = 1) <> (max_score is null)
