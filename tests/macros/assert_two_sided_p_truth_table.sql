-- Two-sided tail of the normal distribution: within 1e-9, and to 9 digits far out, where p is tiny.
with cases (z, expected) as (
    values
    (0.0, 1.0),
    (0.5, 0.6170750774519738),
    (1.0, 0.31731050786291415),
    (1.96, 0.04999579029644087),
    (-1.96, 0.04999579029644087),
    (3.0, 0.0026997960632601866),
    (5.0, 5.733031437583892e-07),
    (-10.0, 1.523970604832e-23),
    (20.0, 5.507248237212467e-89),
    (null, null)
),

scaled as (
    select
        z,
        expected,
        {{ erfc_x('cast(z as double)') }} as x
    from cases
),

inverted as (
    select
        z,
        expected,
        x,
        {{ erfc_t('x') }} as t
    from scaled
),

substituted as (
    select
        z,
        expected,
        x,
        t,
        {{ erfc_u('t') }} as u
    from inverted
),

computed as (
    select
        z,
        expected,
        {{ two_sided_p('x', 't', 'u') }} as actual
    from substituted
)

select *
from computed
where
    (actual is null) <> (expected is null)
    or abs(actual - expected) > 1e-9
    or abs(actual / expected - 1) > 1e-9
