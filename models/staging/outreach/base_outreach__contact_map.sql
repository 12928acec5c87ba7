with delivered as (
    select * from {{ source('outreach', 'list_link_phone_email_map') }}
),

-- Only what needs no pass over the addresses: nearly all rows are about strangers, and lnk_map_row judges the others.
marked as (
    select
        contact_number as delivered_phone,
        email as delivered_email,
        first_cohort_at,
        last_cohort_at,
        uncastable_columns,
        case
            when is_deleted_at_source then 'deleted_at_source'
            when {{ is_blank('contact_number') }} then 'phone_blank'
        end as rejection_reason,
        source_file,
        source_row_number,
        source_row
    from delivered
),

-- No phone is looked up by an empty text, so it stands for the rows that are refused whatever their phone.
looked_up as (
    select
        *,
        case when rejection_reason is null then {{ phone_lookup('delivered_phone') }} else '' end as lookup_key
    from marked
)

select * from looked_up
