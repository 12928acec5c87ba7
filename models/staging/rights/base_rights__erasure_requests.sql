{{ config(post_hook={'sql': "{{ check_requests('erasure_requests', this) }}", 'transaction': false}) }}

with delivered as (
    select * from {{ source('rights', 'erasure_requests') }}
),

trimmed as (
    select
        {{ text_id('identifier') }} as identifier,
        requested_at,
        is_deleted_at_source,
        source_file,
        source_row_number,
        source_row
    from delivered
),

identified as (
    {{ identified_requests('trimmed') }}
),

checked as (
    select
        email_key,
        phone_key,
        svid_state,
        svid,
        requested_at,
        rejection_reason,
        request_part,
        is_read_in_part,
        source_file,
        source_row_number,
        source_row
    from identified
)

select * from checked
