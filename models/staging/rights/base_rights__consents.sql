with delivered as (
    select * from {{ source('rights', 'consents') }}
),

requests as (
    select * from {{ held(ref('stg_rights__erasure_requests')) }}
),

trimmed as (
    select
        {{ text_id('identifier') }} as identifier,
        lower({{ text_id('channel') }}) as channel_text,
        lower({{ text_id('status') }}) as status_text,
        cast(decided_at as date) as decided_on,
        is_deleted_at_source,
        source_file,
        source_row_number,
        source_row
    from delivered
),

identified as (
    {{ identified_requests('trimmed') }}
),

-- When in doubt, do not contact: only a clear yes is a consent, and only for a channel that it names.
checked as (
    select
        email_key,
        phone_key,
        svid_state,
        svid,
        case when channel_text in ('email', 'sms', 'phone') then channel_text else 'all' end as channel,
        {{ is_consent('status_text') }} and channel_text in ('email', 'sms', 'phone') as is_granted,
        decided_on,
        rejection_reason,
        source_file,
        source_row_number,
        source_row
    from identified
),

contacts_retained as (
    {{ without_erased('checked', emails=['email_key'], phones=['phone_key']) }}
),

-- As in base_rights__suppressions: a bare voter id is dropped only when every voter that it means is erased.
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
