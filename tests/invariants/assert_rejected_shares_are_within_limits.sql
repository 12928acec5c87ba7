-- Too many refused rows are a delivery in another form, and its figures are not for publishing: the
-- other limits are checked before anything is built (macros/input_checks.sql).
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
