{{ config(post_hook={'sql': "{{ check_requests('suppressions', this) }}", 'transaction': false}) }}

with delivered as (
    select * from {{ source('rights', 'suppressions') }}
),

requests as (
    select * from {{ held(ref('stg_rights__erasure_requests')) }}
),

trimmed as (
    select
        {{ text_id('identifier') }} as identifier,
        lower({{ text_id('channel') }}) as channel_text,
        {{ text_id('reason') }} as reason,
        cast(from_date as date) as from_date,
        is_deleted_at_source,
        source_file,
        source_row_number,
        source_row
    from delivered
),

identified as (
    {{ identified_requests('trimmed') }}
),

-- When in doubt, do not contact: an unknown channel suppresses every channel, and a row without a readable date
-- applies from the first day.
checked as (
    select
        email_key,
        phone_key,
        svid_state,
        svid,
        case
            when channel_text = 'email' then 'email'
            when channel_text in ('phone', 'sms') then 'phone'
            else 'all'
        end as suppressed_channel,
        reason,
        from_date,
        rejection_reason,
        is_read_in_part,
        source_file,
        source_row_number,
        source_row
    from identified
),

contacts_retained as (
    {{ without_erased('checked', emails=['email_key'], phones=['phone_key']) }}
),

-- An erased person needs no suppression. One by a bare voter id is dropped only when every voter that it means is
-- erased.
retained as (
    select *
    from contacts_retained
    where
        not exists (
            select 1
            from requests
            where
                requests.svid = contacts_retained.svid
                and coalesce(requests.svid_state, contacts_retained.svid_state, '')
                = coalesce(contacts_retained.svid_state, '')
        )
),

-- Numbered last: a part of the row may have been dropped.
numbered as (
    select
        *,
        row_number() over (
            partition by source_file, source_row_number
            order by email_key nulls last, phone_key nulls last, svid_state nulls last, svid nulls last
        ) as request_part
    from retained
)

select * from numbered
