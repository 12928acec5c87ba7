with delivered as (
    select * from {{ source('voterfile', 'person') }}
),

well_formed as (
    select
        *,
        {{ well_formed_email('email') }} as well_formed_email,
        {{ well_formed_phone('cell_phone') }} as well_formed_cell_phone,
        {{ well_formed_phone('home_phone') }} as well_formed_home_phone
    from delivered
),

keyed as (
    select
        {{ text_id('id') }} as person_id,
        {{ state_code('state') }} as state,
        {{ group_name('county') }} as county,
        email as delivered_email,
        {{ email_key('well_formed_email') }} as email_key,
        cell_phone as delivered_cell_phone,
        {{ phone_key('well_formed_cell_phone') }} as cell_phone_key,
        home_phone as delivered_home_phone,
        {{ phone_key('well_formed_home_phone') }} as home_phone_key,
        uncastable_columns,
        is_deleted_at_source,
        source_file,
        source_row_number,
        source_row
    from well_formed
),

checked as (
    select
        *,
        case
            when email_key is null
                then nullif({{ missing_email_reason('email_key', 'delivered_email') }}, 'blank')
        end as email_refused_as,
        case
            when cell_phone_key is null
                then nullif({{ missing_phone_reason('cell_phone_key', 'delivered_cell_phone') }}, 'blank')
        end as cell_phone_refused_as,
        case
            when home_phone_key is null
                then nullif({{ missing_phone_reason('home_phone_key', 'delivered_home_phone') }}, 'blank')
        end as home_phone_refused_as,
        case
            when is_deleted_at_source then 'deleted_at_source'
            when uncastable_columns is not null then 'uncastable_value'
            when person_id is null then 'missing_id'
            when state is null then 'bad_state'
        end as rejection_reason
    from keyed
),

retained as (
    {{ without_erased(
        'checked',
        persons=['person_id'],
        emails=['email_key'],
        phones=['cell_phone_key', 'home_phone_key']
    ) }}
)

select * from retained
