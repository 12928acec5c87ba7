-- Percent of the denominator; NULL if it is 0 or missing; 2 places, unsubscribes and complaints 4.
with cases (numerator, denominator, expected_2_places, expected_4_places) as (
    values
    (1, 3, 33.33, 33.3333),
    (2, 3, 66.67, 66.6667),
    (0, 5, 0.0, 0.0),
    (5, 5, 100.0, 100.0),
    (7, 2, 350.0, 350.0),
    (1, 30000, 0.0, 0.0033),
    (1, 2000000, 0.0, 0.0001),
    (1, 16, 6.25, 6.25),
    (1, 800, 0.13, 0.125),
    (3, 0, null, null),
    (0, 0, null, null),
    (null, 5, null, null),
    (5, null, null, null)
),

computed as (
    select
        numerator,
        denominator,
        expected_2_places,
        expected_4_places,
        {{ open_rate('numerator', 'denominator') }} as open_rate,
        {{ click_to_open_rate('numerator', 'denominator') }} as click_to_open_rate,
        {{ click_rate('numerator', 'denominator') }} as click_rate,
        {{ bounce_rate('numerator', 'denominator') }} as bounce_rate,
        {{ unsub_rate('numerator', 'denominator') }} as unsub_rate,
        {{ complaint_rate('numerator', 'denominator') }} as complaint_rate
    from cases
)

select *
from computed
where
    open_rate is distinct from cast(expected_2_places as double)
    or click_to_open_rate is distinct from cast(expected_2_places as double)
    or click_rate is distinct from cast(expected_2_places as double)
    or bounce_rate is distinct from cast(expected_2_places as double)
    or unsub_rate is distinct from cast(expected_4_places as double)
    or complaint_rate is distinct from cast(expected_4_places as double)
