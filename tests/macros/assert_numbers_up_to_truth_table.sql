-- From 0 to the last number, each once; no rows when the last number is negative or NULL.
with cases (last_number, expected_count) as (
    values
    (0, 1),
    (3, 4),
    (-1, 0),
    (null, 0)
),

numbered as (
    select
        last_number,
        {{ numbers_up_to('cast(last_number as bigint)') }} as number
    from cases
),

counted as (
    select
        last_number,
        count(*) as numbers,
        count(distinct number) as distinct_numbers,
        min(number) as lowest,
        max(number) as highest
    from numbered
    group by last_number
)

select
    cases.last_number,
    counted.numbers,
    counted.lowest,
    counted.highest
from cases
left join counted
    on cases.last_number is not distinct from counted.last_number
where
    coalesce(counted.numbers, 0) <> cases.expected_count
    or coalesce(counted.distinct_numbers, 0) <> cases.expected_count
    or (cases.expected_count > 0 and (counted.lowest <> 0 or counted.highest <> cases.last_number))
