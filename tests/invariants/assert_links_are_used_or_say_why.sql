-- A link is used, or names the rule that removed it; never both.
with links as (
    select
        state,
        svid,
        email_key as identifier,
        is_used,
        unused_reason
    from {{ ref('lnk_voter_email') }}
    union all
    select
        state,
        svid,
        phone_key as identifier,
        is_used,
        unused_reason
    from {{ ref('lnk_voter_phone') }}
),

linkage_rules as (
    select * from {{ ref('linkage_rules') }}
)

select links.*
from links
-- A reason that is not a rule is an error.
left join linkage_rules
    on links.unused_reason = linkage_rules.rule
where
    links.is_used is distinct from (links.unused_reason is null)
    or (links.unused_reason is not null and linkage_rules.rule is null)
