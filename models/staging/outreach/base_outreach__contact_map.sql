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
),

-- Only for those who asked to be erased: without requests, no reader pays for the keys.
well_formed as (
    select
        *,
        {{ well_formed_email('delivered_email') }} as well_formed_email,
        {{ well_formed_phone('delivered_phone') }} as well_formed_phone
    from looked_up
),

keyed as (
    select
        *,
        {{ email_key('well_formed_email') }} as email_key,
        {{ phone_key('well_formed_phone') }} as phone_key
    from well_formed
),

retained as (
    {{ without_erased('keyed', emails=['email_key'], phones=['phone_key']) }}
),

listed as (
    select
        delivered_phone,
        delivered_email,
        first_cohort_at,
        last_cohort_at,
        uncastable_columns,
        rejection_reason,
        source_file,
        source_row_number,
        source_row,
        lookup_key
    from retained
)

select * from listed
