with delivered as (
    select * from {{ source('deliverability', 'dns_records') }}
),

trimmed as (
    select
        *,
        {{ trimmed('value') }} as trimmed_value
    from delivered
),

-- A name may end in the dot of the root. A long text arrives in quoted parts that belong together (RFC 7208,
-- section 3.3), and tools escape its semicolons. A blank in front of a text is part of it, unless quotes follow.
joined as (
    select
        lower({{ text_id(replace_all('domain', '[.]' ~ blank() ~ '*$', '')) }}) as domain,
        lower({{ text_id('record_type') }}) as record_type,
        lower({{ text_id(replace_all('name', '[.]' ~ blank() ~ '*$', '')) }}) as record_name,
        nullif({{ replace_all(
            "replace(replace("
            ~ replace_all("case when left(trimmed_value, 1) = '\"' then trimmed_value else value end", '" *"', '')
            ~ ", '\"', ''), chr(92) || ';', ';')",
            blank() ~ '+$', ''
        ) }}, '') as record_value,
        collected_at,
        uncastable_columns,
        is_deleted_at_source,
        source_file,
        source_row_number,
        source_row
    from trimmed
),

-- The limit is the day of the build, not the clock: domains are looked up after the last event.
checked as (
    select
        *,
        case
            when is_deleted_at_source then 'deleted_at_source'
            when uncastable_columns is not null then 'uncastable_value'
            when not coalesce({{ is_domain_name('domain') }}, false) then 'domain_malformed'
            when not coalesce({{ is_domain_name('record_name') }}, false) then 'domain_malformed'
            when record_type is null or record_value is null then 'record_blank'
            when collected_at is null then 'date_missing'
            when collected_at < cast('1990-01-01' as timestamp) then 'date_ancient'
            when cast(collected_at as date) > {{ build_date() }} then 'date_future'
        end as rejection_reason
    from joined
),

retained as (
    {{ without_erased('checked') }}
)

select * from retained
