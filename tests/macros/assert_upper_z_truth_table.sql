-- z that a standard normal exceeds with this probability; the values are those of statistics.NormalDist of Python.
with cases (tail, expected) as (
    values
    (0.5, 0.0),
    (0.2, 0.8416212335729143),
    (0.05, 1.6448536269514729),
    (0.025, 1.959963984540054),
    (0.02, 2.053748910631823),
    (0.0005, 3.2905267314919255),
    (0.00000001, 5.612001244174789),
    (0.0, null),
    (0.7, null),
    (null, null)
),

computed as (
    select
        tail,
        expected,
        {{ upper_z('tail') }} as actual
    from cases
)

select *
from computed
where
    (actual is null) <> (expected is null)
    or abs(actual - expected) > 1e-8
