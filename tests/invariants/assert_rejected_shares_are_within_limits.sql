-- Too many rejected rows mean that a delivery changed its form: do not publish its figures. The other limits are
-- checked before the build (macros/input_checks.sql).
with input_checks as (
    select * from {{ ref('input_checks') }}
)

select
    input_check_id,
    found_value,
    limit_value,
    message
from input_checks
where status = 'stopped'
