with delivered as (
    select * from {{ source('outreach', 'campaigns') }}
),

keyed as (
    select
        {{ text_id('campaign_id') }} as campaign_id,
        {{ group_name('client_shortname') }} as client_shortname,
        {{ text_id('list_id') }} as list_id,
        {{ text_id('channel') }} as channel,
        {{ text_id('campaign_name') }} as given_name,
        start_date,
        uncastable_columns,
        is_deleted_at_source,
        source_file,
        source_row_number,
        source_row as given_row
    from delivered
),

checked as (
    select
        *,
        case
            when is_deleted_at_source then 'deleted_at_source'
            when campaign_id is null then 'missing_id'
            when uncastable_columns is not null then 'uncastable_value'
        end as rejection_reason
    from keyed
),

named as (
    select
        *,
        {{ is_not_erased(refused='given_name') }} as is_name_kept
    from checked
),

contacts_retained as (
    {{ without_erased('named', row='given_row') }}
),

-- A campaign concerns no single person, so it stays; its name goes when it holds an erased identifier.
retained as (
    select
        campaign_id,
        client_shortname,
        list_id,
        channel,
        case when is_name_kept then given_name end as campaign_name,
        start_date,
        rejection_reason,
        source_file,
        source_row_number,
        case when is_name_kept then given_row end as source_row
    from contacts_retained
)

select * from retained
