-- Delivered messages are never below 0. Unique rates are percentages of delivered mailings, with 2 places. The share of
-- machines has 4. Each is NULL where its denominator is 0.
with cases (sends, bounces, part, whole, delivered, unique_rate, machine_share) as (
    values
    (10, 3, 1, 3, 7, 33.33, 0.3333),
    (10, 10, 2, 3, 0, 66.67, 0.6667),
    (1, 4, 0, 5, 0, 0, 0),
    (0, 0, 5, 5, 0, 100, 1),
    (0, 0, 0, 0, 0, null, null)
),

computed as (
    select
        *,
        {{ delivered('sends', 'bounces') }} as actual_delivered,
        {{ unique_open_rate('part', 'whole') }} as actual_open_rate,
        {{ unique_click_rate('part', 'whole') }} as actual_click_rate,
        {{ machine_share('part', 'whole') }} as actual_share
    from cases
)

select *
from computed
where
    actual_delivered is distinct from delivered
    or actual_open_rate is distinct from cast(unique_rate as double)
    or actual_click_rate is distinct from cast(unique_rate as double)
    or actual_share is distinct from cast(machine_share as double)
