with voter_emails as (
    select * from {{ ref('lnk_voter_email') }}
),

used as (
    select distinct
        state,
        svid,
        email_key,
        shared_by
    from voter_emails
    where is_used
),

-- The first voter of an address stands for it where a single contact is meant (attribution).
numbered as (
    select
        state,
        svid,
        email_key,
        shared_by,
        row_number() over (partition by email_key order by state, svid) = 1 as is_first_voter
    from used
)

select * from numbered
