-- People who may not be contacted are listed, without an address and without a phone.
with permissions as (
    select * from {{ ref('contact_permissions') }}
),

asked as (
    select * from {{ ref('segment_contacts') }}(
        (select list(permissions.state || ':' || permissions.svid) from permissions)
    )
)

select
    permissions.state,
    permissions.svid
from permissions
left join asked
    on
        permissions.state = asked.state
        and permissions.svid = asked.svid
where
    asked.requested_svid is null
    or asked.contact_blocked_by is distinct from permissions.contact_blocked_by
    or asked.solicitation_blocked_by is distinct from permissions.solicitation_blocked_by
    or (
        permissions.contact_blocked_by is not null
        and coalesce(asked.email, asked.phone) is not null
    )
