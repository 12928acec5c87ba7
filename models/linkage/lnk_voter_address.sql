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

-- Where one contact is needed (attribution), the first voter of the address stands for all of them.
numbered as (
    select
        *,
        row_number() over (partition by email_key order by state, svid) = 1 as is_first_voter
    from used
)

select * from numbered
