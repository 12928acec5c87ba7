with delivered as (
    select * from {{ source('deliverability', 'dns_records') }}
),

-- A name may end in the dot of the root.
trimmed as (
    select
        lower({{ text_id(replace_all('domain', '[.]' ~ blank() ~ '*$', '')) }}) as domain,
        lower({{ text_id('record_type') }}) as record_type,
        lower({{ text_id(replace_all('name', '[.]' ~ blank() ~ '*$', '')) }}) as record_name,
        {{ trimmed('value') }} as quoted_value,
        collected_at,
        uncastable_columns,
        source_file,
        source_row_number,
        source_row
    from delivered
),

-- A long text comes in quoted parts that are one (RFC 7208, section 3.3), and tools escape its semicolons.
joined as (
    select
        domain,
        record_type,
        record_name,
        nullif({{ trimmed(
            "replace(replace(" ~ replace_all('quoted_value', '" *"', '') ~ ", '\"', ''), chr(92) || ';', ';')"
        ) }}, '') as record_value,
        collected_at,
        uncastable_columns,
        source_file,
        source_row_number,
        source_row
    from trimmed
),

-- By the day of the build, not by the clock: names are looked up after the last event.
checked as (
    select
        domain,
        record_type,
        record_name,
        record_value,
        collected_at,
        case
            when uncastable_columns is not null then 'uncastable_value'
            when not coalesce({{ is_domain_name('domain') }}, false) then 'domain_malformed'
            when not coalesce({{ is_domain_name('record_name') }}, false) then 'domain_malformed'
            when record_type is null or record_value is null then 'record_blank'
            when collected_at is null then 'date_missing'
            when collected_at < cast('1990-01-01' as timestamp) then 'date_ancient'
            when cast(collected_at as date) > {{ build_date() }} then 'date_future'
        end as rejection_reason,
        source_file,
        source_row_number,
        source_row
    from joined
),

retained as (
    select
        checked.domain,
        checked.record_type,
        checked.record_name,
        checked.record_value,
        checked.collected_at,
        checked.rejection_reason,
        checked.source_file,
        checked.source_row_number,
        checked.source_row
    from checked
    where
        {{ is_not_erased(
            refused=refused_text('checked.rejection_reason', 'checked.source_row')
        ) }}
)

select * from retained
