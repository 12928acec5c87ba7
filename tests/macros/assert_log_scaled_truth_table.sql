-- 0 to 1 on a log scale: 0 is 0, the cap and everything above it are 1 (F61).
with cases (amount, cap, expected) as (
    values
    (0, 7, 0),
    -- ln 2 / ln 8 and ln 4 / ln 8.
    (1, 7, 0.333333333333333),
    (3, 7, 0.666666666666667),
    (7, 7, 1),
    (8, 7, 1),
    (1000000, 7, 1),
    (null, 7, null)
),

computed as (
    select
        amount,
        cap,
        expected,
        {{ log_scaled('amount', 'cap') }} as actual
    from cases
)

select *
from computed
where
    (actual is null) <> (expected is null)
    or abs(actual - expected) > 1e-12
